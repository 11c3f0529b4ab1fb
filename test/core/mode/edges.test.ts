/** Corners of the mode machine that stories rarely come to. */
import { expect, it } from '@jest/globals';
import { failedProbe, HOUR, MINUTE, SHUT, Stage } from './support.ts';

it('a stage that recovers for hours, because it is held, is not well: the next pause is longer', () => {
  const stage = new Stage().recover();
  expect(stage.record.pause).toBe(5 * MINUTE);
  stage.hold();
  stage.after(2 * HOUR).degrade();
  expect(stage.record.pause).toBe(10 * MINUTE);
});

it('a failed probe is noted, even where failures are known and no crash is', () => {
  const stage = new Stage({ record: { ...SHUT, pauseUntil: Infinity, probeFailures: 2 } });
  expect(stage.tick(failedProbe())).toBe(true);
  expect(stage.record.lastCrash).toMatchObject({ kind: 'load' });
  expect(stage.tick(failedProbe())).toBe(false);
});
