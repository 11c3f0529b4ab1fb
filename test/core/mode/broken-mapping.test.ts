/** A recovery does not end while messages wait in the queue and its mapping does not hand them out. */
import { describe, expect, it } from '@jest/globals';
import { answered, NOTHING, PARKED, QUEUED, Stage } from './support.ts';
import { MINUTE } from '../../support/mode-settings.ts';

describe('progress of a drain does not pass through the mapping', () => {
  const drained = (stage: Stage): Stage => {
    for (let i = 0; i < stage.settings.recoverAfter; i++) stage.drained();
    return stage;
  };

  it('and ends no recovery while messages wait in the queue, neither by the number of messages nor by the window', () => {
    const stage = new Stage().recover();
    stage.tick(answered(), QUEUED);
    expect(drained(stage).mode).toBe('recovering');
    stage.minutes(6, QUEUED);
    expect(drained(stage).mode).toBe('recovering');
    stage.delivered();
    expect(stage.mode).toBe('normal');
  });

  it('but is the first progress, even if it is only stored', () => {
    const stage = new Stage().recover();
    stage.after(MINUTE).remembered('delivered', 0);
    stage.minutes(4, QUEUED);
    expect(stage.record).toMatchObject({ mode: 'recovering', proven: true });
  });

  it('and ends the recovery when the queue is empty', () => {
    const stage = new Stage().recover();
    stage.tick(answered(), PARKED);
    expect(drained(stage).mode).toBe('normal');
  });
});

describe('a mapping that breaks while the stage recovers', () => {
  /** What it handed out got through; then more messages come. */
  const broken = (waits: number): Stage => {
    const stage = new Stage().recover();
    stage.after(MINUTE).delivered();
    return stage.minutes(waits, NOTHING);
  };

  it.each([0, 1, 2, 3])(
    'ends no recovery by the window while messages wait, which came after %i minutes',
    (waits) => {
      const stage = broken(waits).minutes(9 - waits, QUEUED);
      expect(stage.record).toMatchObject({ mode: 'recovering', proven: true });
      stage.invoked();
      expect(stage.minutes(1, QUEUED).record).toMatchObject({
        mode: 'normal',
        reason: 'messages got through, and 5 minutes went by',
      });
    },
  );

  it('ends none by what a drain puts through', () => {
    const stage = broken(1).minutes(1, QUEUED);
    for (let i = 0; i < stage.settings.recoverAfter; i++) stage.drained();
    expect(stage.mode).toBe('recovering');
    stage.delivered();
    expect(stage.mode).toBe('normal');
  });

  it('has to hand messages out again after a stop', () => {
    const stage = broken(1);
    stage.hold();
    stage.minutes(1, QUEUED).resume();
    expect(stage.minutes(6, QUEUED).mode).toBe('recovering');
  });

  it('is degraded when nothing has got through for ten minutes', () => {
    const stage = broken(1);
    expect(stage.minutes(10, QUEUED).mode).toBe('recovering');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });
});
