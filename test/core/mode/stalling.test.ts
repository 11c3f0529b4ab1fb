/** What degrades a stage without progress: failures, rejections, and waiting work. */
import { describe, expect, it } from '@jest/globals';
import { answered, failedProbe, OPEN, OWN_TROUBLE, PARKED, QUEUED, BLOCKED, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const failures = (stage: Stage, n: number, keys = ['a', 'b']): void => {
  for (let i = 0; i < n; i++) stage.failed(keys[i % keys.length] ?? '');
};

describe('failures', () => {
  it('degrade the stage at 20 of two keys, over two minutes without progress', () => {
    const stage = new Stage();
    failures(stage, 30);
    expect(stage.record.failing).toEqual({ since: stage.now, count: 20, keys: ['a', 'b'] });
    stage.after(2 * MINUTE - 1).failed('c');
    expect(stage.mode).toBe('normal');
    stage.after(1).failed('c');
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      reason:
        '20 deliveries of at least 2 users failed, and nothing got through for 2 minutes: 503 Gone fishing',
      codeVersion: 'v1',
    });
  });

  it('do not degrade it if they are of a single key, or only 19', () => {
    const single = new Stage();
    failures(single, 100, ['a']);
    single.after(HOUR).failed('a');
    expect(single.mode).toBe('normal');
    expect(single.failed('b') && single.mode).toBe('degraded');
    const few = new Stage();
    failures(few, 18);
    few.after(HOUR).failed('c');
    expect(few.mode).toBe('normal');
    expect(few.failed('c') && few.mode).toBe('degraded');
  });

  it('count together with rejections', () => {
    const stage = new Stage();
    failures(stage, 10, ['a']);
    for (let i = 0; i < 10; i++) stage.rejected('b');
    expect(stage.after(2 * MINUTE).rejected('b') && stage.mode).toBe('degraded');
  });

  it('count from the last progress, reported or only stored, delivered or filtered', () => {
    const story = (progress: (stage: Stage) => unknown): string => {
      const stage = new Stage();
      for (let i = 0; i < 20; i++) stage.rejected(`k${i}`);
      progress(stage.after(MINUTE));
      stage.after(SECOND);
      for (let i = 0; i < 20; i++) stage.rejected(`k${i}`);
      stage.after(2 * MINUTE - 1).rejected('a');
      expect(stage.mode).toBe('normal');
      stage.after(1).rejected('a');
      return stage.mode;
    };
    expect(story((stage) => stage.delivered())).toBe('degraded');
    expect(story((stage) => stage.filtered())).toBe('degraded');
    expect(story((stage) => stage.remembered('delivered', 0))).toBe('degraded');
  });

  it('count as later than progress of the same moment', () => {
    const stage = new Stage();
    stage.delivered();
    failures(stage, 20);
    expect(stage.record.failing?.count).toBe(20);
    expect(stage.after(2 * MINUTE).failed('a') && stage.mode).toBe('degraded');
  });

  it('need few writes, however many there are', () => {
    const stage = new Stage();
    failures(stage, 1_000, ['a', 'b', 'c', 'd']);
    expect(stage.record.rev).toBe(20);
    for (let second = 1; second < 120; second++) stage.after(SECOND).failed('a');
    expect(stage.record.rev).toBeLessThan(25);
  });

  it('are kept by kind, for operators to read', () => {
    const stage = new Stage();
    stage.failed('a');
    stage.failed('a', 0, true);
    stage.rejected('a');
    const at = { at: stage.now, codeVersion: 'v1' };
    expect(stage.record).toMatchObject({
      lastFailure: { text: '503 Gone fishing', ...at },
      lastRefusal: { text: '503 Gone fishing', ...at },
      lastRejection: { text: '400 no such field', ...at },
    });
  });
});

describe('rejections', () => {
  it('of one key over ten minutes degrade the stage if nothing was delivered; filtered events do not matter', () => {
    const stage = new Stage();
    for (let i = 0; i < 10; i++, stage.after(MINUTE)) {
      stage.rejected('a');
      stage.filtered();
    }
    expect(stage.mode).toBe('normal');
    stage.rejected('a');
    expect(stage.record.reason).toBe(
      'for 10 minutes nothing was delivered, and events were rejected: 400 no such field',
    );
  });

  it.each(['reported', 'stored'])('start over with a delivery, %s', (how) => {
    const stage = new Stage();
    stage.rejected('a');
    stage.after(9 * MINUTE);
    if (how === 'reported') stage.delivered();
    else stage.remembered('delivered', 0);
    stage.after(9 * MINUTE).rejected('a');
    stage.after(9 * MINUTE).rejected('a');
    expect(stage.mode).toBe('normal');
    expect(stage.after(MINUTE).rejected('a') && stage.mode).toBe('degraded');
  });
});

describe('waiting work', () => {
  it.each([
    ['in the queue', QUEUED],
    ['parked', PARKED],
  ])(
    '%s, without progress for ten minutes, degrades the stage, with the cause if it is known',
    (_, waiting) => {
      const stage = new Stage();
      stage.minutes(10, waiting);
      expect(stage.mode).toBe('normal');
      stage.after(MINUTE).tick(answered(), waiting, 'the mapping is disabled');
      expect(stage.record).toMatchObject({
        mode: 'degraded',
        codeVersion: 'v1',
        reason: 'work waits, and nothing got through for 10 minutes: the mapping is disabled',
      });
    },
  );

  it('also degrades a stage that recovers', () =>
    expect(new Stage().recover().minutes(11, QUEUED).mode).toBe('degraded'));

  it('does not count in own trouble, nor if it could not be read', () => {
    expect(new Stage().minutes(60, OWN_TROUBLE).mode).toBe('normal');
    const unread = new Stage();
    unread.tick(answered(), QUEUED);
    unread.after(HOUR).tick(answered());
    expect(unread.mode).toBe('normal');
    expect(unread.tick(answered(), QUEUED) && unread.mode).toBe('degraded');
  });

  it('counts from the time since which something has waited without a break: a quiet night does not count', () => {
    const stage = new Stage();
    stage.delivered();
    stage.minutes(600).minutes(10, QUEUED);
    expect(stage.mode).toBe('normal');
    stage.minutes(1).minutes(10, QUEUED);
    expect(stage.mode).toBe('normal');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });

  it('keeps counting when the stage becomes normal', () => {
    const stage = new Stage().recover();
    stage.delivered();
    stage.minutes(4, QUEUED).invoked();
    expect(stage.minutes(1, QUEUED).mode).toBe('normal');
    expect(stage.minutes(5, QUEUED).mode).toBe('normal');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });

  it('starts over when the stage begins to recover', () => {
    const stage = new Stage().degrade().minutes(4, QUEUED);
    stage.resume();
    expect(stage.minutes(9, QUEUED).mode).toBe('recovering');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });

  it('counts from the last progress', () => {
    const stage = new Stage().minutes(9, QUEUED);
    stage.filtered();
    expect(stage.minutes(9, QUEUED).mode).toBe('normal');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });
});

describe('a stage that is stopped', () => {
  it.each(['held', 'blocked by the system'])('%s: (a) to (d) are still counted', (how) => {
    const stop = (stage: Stage): Stage => {
      if (how === 'held') stage.hold();
      else stage.system = BLOCKED;
      return stage;
    };
    const stopped = () => stop(new Stage({ system: OPEN }));
    expect(stopped().degrade().mode).toBe('degraded');
    const unloadable = stopped();
    unloadable.tick(failedProbe());
    expect(unloadable.after(MINUTE).tick(failedProbe()) && unloadable.mode).toBe('degraded');
    const dead = new Stage({ system: OPEN });
    failures(dead, 19);
    stop(dead.after(2 * MINUTE)).tick();
    expect(dead.failed('k') && dead.mode).toBe('degraded');
    const poisoned = stop(new Stage({ system: OPEN }).recover());
    expect(poisoned.redriven('m') && poisoned.mode).toBe('degraded');
  });
});
