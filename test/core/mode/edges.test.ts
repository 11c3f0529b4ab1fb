/** Edge cases of the mode machine that random scenarios rarely reach. */
import { expect, it } from '@jest/globals';
import { failedProbe, BLOCKED, Stage } from './support.ts';
import { HOUR, MINUTE } from '../../support/mode-settings.ts';

it('a stage that is held while it recovers, for hours, is not well: the next pause is longer', () => {
  const stage = new Stage().recover();
  expect(stage.record.pause).toBe(5 * MINUTE);
  stage.hold();
  stage.after(2 * HOUR).degrade();
  expect(stage.record.pause).toBe(10 * MINUTE);
});

it('a failed probe is recorded, even if failures are known and no crash is', () => {
  const stage = new Stage({ record: { ...BLOCKED, pauseUntil: Infinity, probeFailures: 2 } });
  expect(stage.tick(failedProbe())).toBe(true);
  expect(stage.record.lastCrash).toMatchObject({ kind: 'load' });
  expect(stage.tick(failedProbe())).toBe(false);
});
