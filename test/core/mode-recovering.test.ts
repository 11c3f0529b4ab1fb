/** How a stage comes back. */
import { describe, expect, it } from '@jest/globals';
import { NORMAL, UNREADABLE } from '../../lambdas/core/mode.ts';
import { answered, failedProbe, HOUR, MINUTE, OPEN, SECOND, SHUT, Stage } from './mode-support.ts';

const RECOVERED = {
  mode: 'recovering',
  epoch: 2,
  redrives: [],
  probeFailures: 0,
  successes: 0,
  spill: false,
};

describe('from degraded', () => {
  it('when an operator resumes it, whatever the last probe said', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    stage.tick(failedProbe());
    expect(stage.after(SECOND).resume()).toBe(true);
    expect(stage.record).toMatchObject({
      ...RECOVERED,
      since: stage.now,
      windowFrom: stage.now,
      dueEpoch: 2,
      reason: 'an operator resumed it',
    });
  });

  it('when its pause is over and the last probe did not fail', () => {
    const stage = new Stage().degrade();
    stage.tick(answered());
    expect(stage.after(5 * MINUTE - 1).tick(answered())).toBe(false);
    stage.after(1).tick(failedProbe());
    expect(stage.after(MINUTE).tick()).toBe(false);
    expect(stage.mode).toBe('degraded');
    stage.tick(answered());
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'the pause is over' });
  });

  it('when its pause is over and it could not be probed at all', () => {
    const stage = new Stage().degrade();
    expect(stage.after(5 * MINUTE).tick() && stage.mode).toBe('recovering');
  });

  it('at once when other code answers, and not when the same code does', () => {
    const stage = new Stage().degrade();
    expect(stage.tick(answered('v1'))).toBe(false);
    stage.tick(failedProbe({ codeVersion: 'v2' }));
    expect(stage.mode).toBe('degraded');
    stage.tick(answered('v3'));
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'other code was deployed' });
  });

  it('at once when a function answers that did not start before', () => {
    const stage = new Stage();
    stage.tick(failedProbe({ codeVersion: '' }));
    stage.tick(failedProbe({ codeVersion: '' }));
    stage.tick(answered('v1'));
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'the function answers again' });
  });

  it('with nothing of what was counted before', () => {
    const stage = new Stage({ system: OPEN });
    stage.failed('a');
    stage.degrade().resume();
    expect(stage.record.failing).toBeUndefined();
    expect(stage.record).toMatchObject(RECOVERED);
    expect(stage.record.lastCrash).toBeDefined();
  });
});

describe('the pause', () => {
  const pauses = (stage: Stage, relapses: number): number[] =>
    Array.from({ length: relapses }, () => {
      stage.degrade();
      const { pause } = stage.record;
      stage.after(pause).tick(answered());
      expect(stage.mode).toBe('recovering');
      return pause / MINUTE;
    });

  it('doubles with each relapse, up to an hour', () =>
    expect(pauses(new Stage(), 6)).toEqual([5, 10, 20, 40, 60, 60]));

  it('is the longest, if the first is longer than that', () =>
    expect(pauses(new Stage({ settings: { pause: 2 * HOUR } }), 2)).toEqual([60, 60]));

  it('doubles too when normal lasted less than an hour, and is the first after an hour', () => {
    const stage = new Stage();
    pauses(stage, 2);
    stage.after(5 * MINUTE).tick(answered());
    expect(stage.mode).toBe('normal');
    stage.after(HOUR - 1).degrade();
    expect(stage.record.pause).toBe(20 * MINUTE);
    stage.after(20 * MINUTE).tick(answered());
    stage.after(5 * MINUTE).tick(answered());
    stage.after(HOUR).degrade();
    expect(stage.record.pause).toBe(5 * MINUTE);
  });
});

describe('recovering', () => {
  it('ends with 20 processed messages', () => {
    const stage = new Stage().recover();
    for (let i = 1; i < 20; i++) stage.succeeded();
    expect(stage.record).toMatchObject({ mode: 'recovering', successes: 19 });
    stage.after(SECOND).succeeded();
    expect(stage.record).toMatchObject({
      mode: 'normal',
      epoch: 3,
      since: stage.now,
      forwardingSince: stage.now,
      successes: 0,
      reason: '20 messages were processed',
    });
    const quick = new Stage({ settings: { recoverAfter: 1 } }).recover();
    quick.succeeded();
    expect(quick.record.reason).toBe('a message was processed');
  });

  it('ends with a window, without any traffic', () => {
    const stage = new Stage().recover();
    expect(stage.after(5 * MINUTE - 1).tick(answered())).toBe(false);
    stage.after(1).tick(answered());
    expect(stage.record).toMatchObject({ mode: 'normal', reason: '5 minutes went by without trouble' });
  });

  it('does not end while its last probe failed: the next probe tells', () => {
    const broken = new Stage().recover();
    broken.after(5 * MINUTE).tick(failedProbe());
    expect(broken.mode).toBe('recovering');
    broken.after(MINUTE).tick(failedProbe());
    expect(broken.mode).toBe('degraded');
    const shaken = new Stage().recover();
    shaken.after(5 * MINUTE).tick(failedProbe());
    shaken.after(MINUTE).tick(answered());
    expect(shaken.mode).toBe('normal');
  });

  it('begins its window anew with a crash before the first success, and not after it', () => {
    const stage = new Stage().recover();
    stage.after(4 * MINUTE).crashed();
    stage.after(4 * MINUTE).tick(answered());
    expect(stage.mode).toBe('recovering');
    expect([stage.crashed(), stage.crashed()]).toEqual([true, false]);
    stage.succeeded();
    expect(stage.after(4 * MINUTE).crashed()).toBe(false);
    expect(stage.after(MINUTE).tick(answered()) && stage.mode).toBe('normal');
  });

  it('goes back with a single redrive before the first success', () => {
    const stage = new Stage().recover();
    stage.redriven('m');
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      epoch: 3,
      pause: 10 * MINUTE,
      reason: 'a message was redriven while the stage recovered',
    });
  });

  it('goes back after it only as from normal', () => {
    const stage = new Stage().recover();
    stage.succeeded();
    for (const id of ['a', 'b', 'c', 'd']) stage.redriven(id);
    expect(stage.mode).toBe('recovering');
    stage.after(5 * MINUTE).tick(answered());
    expect(stage.mode).toBe('normal');
    expect(stage.redriven('e') && stage.record.reason).toBe('5 messages were redriven within 5 minutes');
  });

  it('does not count the successes of an earlier recovery', () => {
    const stage = new Stage().recover();
    const { epoch } = stage.record;
    stage.degrade().resume();
    expect(stage.succeeded(epoch)).toBe(false);
  });
});

describe('a mode that cannot be read', () => {
  it('ends with resume only, as a mode that recovers, in a new epoch', () => {
    const stage = new Stage({ record: { ...UNREADABLE, held: true, epoch: 6, announced: 6 } });
    expect([stage.hold(), stage.tick(answered('v9')), stage.redriven('m')]).toEqual([false, false, false]);
    expect(stage.resume()).toBe(true);
    const { epoch, held, troubledSince } = stage.record;
    expect({ epoch, held, troubledSince }).toEqual({ epoch: 7, held: false, troubledSince: stage.now });
    expect(stage.record.dueEpoch).toBe(7);
    stage.after(5 * MINUTE).tick();
    expect(stage.mode).toBe('normal');
  });

  it('becomes degraded and readable while the system is shut, and recovers once it is not', () => {
    const stage = new Stage({ record: UNREADABLE, system: SHUT });
    expect(stage.resume()).toBe(true);
    expect(stage.record).toMatchObject({ mode: 'degraded', rev: 1, since: stage.now });
    stage.after(MINUTE).system = OPEN;
    expect(stage.tick() && stage.mode).toBe('recovering');
  });

  it('has no pause before: a relapse waits for the first', () => {
    const stage = new Stage({ record: UNREADABLE });
    stage.resume();
    stage.after(MINUTE).redriven('poison');
    expect(stage.record).toMatchObject({ mode: 'degraded', pause: 5 * MINUTE });
    expect(stage.record.pauseUntil).toBe(stage.now + 5 * MINUTE);
  });
});

describe('the item', () => {
  it('keeps the last ten changes', () => {
    const stage = new Stage();
    for (let i = 0; i < 10; i++) stage.after(MINUTE).recover();
    expect(stage.record.epoch).toBe(20);
    expect(stage.record.history.map(({ epoch }) => epoch)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect(stage.record.history.at(-1)).toEqual({
      epoch: 20,
      mode: 'recovering',
      at: stage.now,
      reason: 'an operator resumed it',
    });
  });

  it('has the times of its present mode only', () => {
    const times = ({ record: { pauseUntil, windowFrom } }: Stage) => [pauseUntil > 0, windowFrom > 0];
    const stage = new Stage().degrade();
    expect(times(stage)).toEqual([true, false]);
    stage.resume();
    expect(times(stage)).toEqual([false, true]);
    stage.after(5 * MINUTE).tick();
    expect(stage.mode).toBe('normal');
    expect(times(stage)).toEqual([false, false]);
  });

  it('stays below 4 KB with a long stack and a long history', () => {
    const stage = new Stage();
    for (let i = 0; i < 10; i++) stage.recover();
    const crash = failedProbe({ error: 'e'.repeat(200), stack: 's'.repeat(9_000) });
    stage.tick(crash);
    stage.tick(crash);
    expect(stage.mode).toBe('degraded');
    expect(JSON.stringify(stage.record).length).toBeLessThan(4_096);
  });

  it('remembers which change was announced, and never an earlier one instead', () => {
    const stage = new Stage().recover();
    expect(stage.apply({ type: 'announced', epoch: 2 })).toBe(true);
    expect(stage.apply({ type: 'announced', epoch: 1 })).toBe(false);
    expect(stage.record.announced).toBe(2);
    expect(new Stage({ record: NORMAL }).apply({ type: 'announced', epoch: 0 })).toBe(false);
  });
});
