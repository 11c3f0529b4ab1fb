/** Trouble while a stage recovers: its window starts over, or it is degraded again. */
import { describe, expect, it } from '@jest/globals';
import { answered, failedProbe, Stage } from './support.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';

describe('recovering', () => {
  it.each<[string, (stage: Stage) => unknown]>([
    ['a crash', (stage) => stage.crashed()],
    ['a failure', (stage) => stage.failed('a')],
    ['a refusal', (stage) => stage.failed('a', stage.record.epoch, true)],
    ['a rejection', (stage) => stage.rejected('a')],
    ['a failed probe', (stage) => stage.tick(failedProbe())],
  ])('starts its window over after %s before the first progress', (_, trouble) => {
    const stage = new Stage().recover();
    stage.after(4 * MINUTE).attempted();
    trouble(stage);
    expect(stage.record).toMatchObject({ mode: 'recovering', windowFrom: stage.now });
    expect(stage.record.attemptedAt).toBeUndefined();
    stage.minutes(4);
    expect(stage.mode).toBe('recovering');
    expect(stage.minutes(1).mode).toBe('normal');
  });

  it.each<[string, (stage: Stage) => unknown]>([
    ['crashes', (stage) => stage.crashed()],
    ['failures', (stage) => stage.failed('a')],
    ['rejections', (stage) => stage.rejected('a')],
  ])('is degraded again after two minutes of %s, before the first progress and after it', (_, trouble) => {
    const story = (progress: (stage: Stage) => unknown): string => {
      const stage = new Stage().recover();
      progress(stage);
      trouble(stage.after(SECOND));
      trouble(stage.after(2 * MINUTE - 1));
      expect(stage.mode).toBe('recovering');
      trouble(stage.after(1));
      return stage.record.reason;
    };
    const reason = 'trouble for 2 minutes while the stage recovered, and nothing got through';
    expect(story(() => undefined)).toBe(reason);
    expect(story((stage) => stage.delivered())).toBe(reason);
  });

  it('is not degraded again if something got through between the failures', () => {
    const stage = new Stage().recover();
    for (let i = 0; i < 10; i++) {
      stage.after(MINUTE).crashed();
      stage.after(SECOND).filtered();
    }
    expect(stage.mode).toBe('recovering');
  });

  it.each(['redriven', 'died'] as const)(
    'is degraded again by a single message that is %s before the first progress',
    (what) => {
      const stage = new Stage().recover();
      stage[what]('m');
      expect(stage.record).toMatchObject({ mode: 'degraded', epoch: 3, pause: 10 * MINUTE });
      expect(stage.record.reason).toContain('while the stage recovered');
    },
  );

  it('after the first progress, is degraded only at the threshold of normal, and the count of messages starts over', () => {
    const stage = new Stage().recover();
    for (let i = 0; i < 19; i++) stage.delivered();
    for (const id of ['a', 'b', 'c', 'd']) stage.redriven(id);
    expect(stage.record).toMatchObject({ mode: 'recovering', successes: 0 });
    stage.after(5 * MINUTE).tick(answered());
    expect(stage.mode).toBe('normal');
    expect(stage.redriven('e') && stage.record.reason).toBe('5 messages were redriven within 5 minutes');
  });

  it.each<[string, (stage: Stage, id: string) => unknown]>([
    ['redrives', (stage, id) => stage.redriven(id)],
    ['deaths', (stage, id) => stage.died(id)],
  ])(
    'is degraded again after two minutes of %s since the last progress, even if there are few',
    (_, trouble) => {
      const stage = new Stage().recover();
      stage.delivered();
      trouble(stage.after(SECOND), 'a');
      trouble(stage.after(2 * MINUTE - 1), 'b');
      expect(stage.mode).toBe('recovering');
      trouble(stage.after(1), 'c');
      expect(stage.mode).toBe('degraded');
    },
  );
});
