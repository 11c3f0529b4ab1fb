/** How a stage recovers. */
import { describe, expect, it } from '@jest/globals';
import { answered, failedProbe, NOTHING, OPEN, OWN_TROUBLE, PARKED, QUEUED, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const RECOVERED = {
  mode: 'recovering',
  epoch: 2,
  redrives: [],
  probeFailures: 0,
  successes: 0,
  spill: false,
};

describe('from degraded', () => {
  it('when an operator resumes it, whatever the last probe said; it is normal only after a probe was answered', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    stage.after(MINUTE).tick(failedProbe());
    expect(stage.after(SECOND).resume()).toBe(true);
    expect(stage.record).toMatchObject({
      ...RECOVERED,
      probeFailures: 2,
      since: stage.now,
      windowFrom: stage.now,
      dueEpoch: 2,
      reason: 'an operator resumed it',
    });
    for (let times = 20; times > 0; times--) stage.delivered();
    expect(stage.mode).toBe('recovering');
    stage.tick(answered());
    stage.delivered();
    expect(stage.mode).toBe('normal');
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

  it('when its pause is over and it has not been probed at all', () => {
    const stage = new Stage().degrade();
    expect(stage.after(5 * MINUTE).tick() && stage.mode).toBe('recovering');
  });

  it('immediately when other code answers, and not when the same code does', () => {
    const stage = new Stage().degrade();
    stage.tick(answered('v1'));
    stage.tick(failedProbe({ codeVersion: 'v2' }));
    expect(stage.mode).toBe('degraded');
    stage.tick(answered('v3'));
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'other code was deployed' });
  });

  it('immediately when a function answers that did not start before', () => {
    const stage = new Stage();
    stage.tick(failedProbe({ codeVersion: '' }));
    stage.after(MINUTE).tick(failedProbe({ codeVersion: '' }));
    stage.tick(answered('v1'));
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'the function answers again' });
  });

  it('with a trial that got through, which does not count as progress of the recovery', () => {
    const stage = new Stage().degrade();
    expect(stage.tried()).toBe(true);
    expect(stage.record).toMatchObject({ ...RECOVERED, reason: 'a trial got through', proven: false });
    // The mapping is broken: no more messages arrive, and work is waiting.
    expect(stage.minutes(10, QUEUED).mode).toBe('recovering');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });

  it('with all earlier counts reset', () => {
    const stage = new Stage({ system: OPEN });
    stage.failed('a');
    stage.rejected('a');
    stage.died('m');
    stage.degrade().resume();
    expect(stage.record.rejecting).toBeUndefined();
    expect(stage.record).toMatchObject({ deaths: [], shares: [] });
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

  it('has the maximum also for a first pause that is longer', () =>
    expect(pauses(new Stage({ settings: { pause: 2 * HOUR } }), 2)).toEqual([60, 60]));

  it('also doubles when normal lasted less than an hour, and is the first pause again after an hour', () => {
    const stage = new Stage();
    pauses(stage, 2);
    stage.heal();
    expect(stage.mode).toBe('normal');
    stage.after(HOUR - 1).degrade();
    expect(stage.record.pause).toBe(20 * MINUTE);
    stage.heal();
    stage.after(HOUR).degrade();
    expect(stage.record.pause).toBe(5 * MINUTE);
  });
});

describe('recovering', () => {
  it('ends with 20 messages that got through', () => {
    const stage = new Stage().recover();
    for (let i = 1; i < 20; i++) stage.delivered();
    expect(stage.record).toMatchObject({ mode: 'recovering', successes: 19 });
    stage.after(SECOND).delivered();
    expect(stage.record).toMatchObject({
      mode: 'normal',
      epoch: 3,
      since: stage.now,
      forwardingSince: stage.now,
      successes: 0,
      reason: '20 messages got through',
    });
    const quick = new Stage({ settings: { recoverAfter: 1 } }).recover();
    quick.filtered();
    expect(quick.record.reason).toBe('a message got through');
  });

  it('ends with a window in which something got through', () => {
    const stage = new Stage().recover();
    stage.after(MINUTE).delivered();
    stage.after(4 * MINUTE - 1).tick(answered());
    expect(stage.mode).toBe('recovering');
    stage.invoked();
    stage.after(1).tick(answered(), QUEUED);
    expect(stage.record).toMatchObject({
      mode: 'normal',
      reason: 'messages got through, and 5 minutes went by',
      proven: true,
    });
  });

  it('also ends with such a window if the progress is only stored', () => {
    const stage = new Stage().recover();
    stage.after(MINUTE).remembered('delivered', 0);
    expect(stage.minutes(4, PARKED).record).toMatchObject({ mode: 'normal', proven: true });
  });

  it.each([
    ['nothing', NOTHING],
    ['what is in own trouble', OWN_TROUBLE],
  ])('ends with a window without an attempt in which two readings found %s', (_, waiting) => {
    const stage = new Stage().recover();
    expect(stage.minutes(4, waiting).mode).toBe('recovering');
    stage.minutes(1, waiting);
    expect(stage.record).toMatchObject({
      mode: 'normal',
      reason: '5 minutes went by, and there was nothing to do',
      proven: false,
    });
  });

  it('ends with a window at whose end two readings, a minute apart, found nothing', () => {
    const stage = new Stage().recover();
    expect(stage.minutes(3, PARKED).minutes(2).mode).toBe('normal');
  });

  it('does not end with what got through at the moment in which its window began', () => {
    const stage = new Stage().recover();
    stage.remembered('delivered', 0);
    expect(stage.minutes(6, PARKED).mode).toBe('recovering');
  });

  it.each<[string, (stage: Stage) => unknown]>([
    ['an attempt was made', (stage) => stage.attempted()],
    [
      'an event was filtered while the door was in doubt',
      (stage) => {
        stage.failed('a');
        stage.after(SECOND).filtered();
      },
    ],
    ['one reading alone found nothing', (stage) => stage.minutes(4, PARKED)],
  ])('does not end with a window in which nothing got through and %s', (_, happens) => {
    const stage = new Stage().recover();
    const end = stage.now + 5 * MINUTE + SECOND;
    happens(stage);
    if (stage.now < end - 2 * MINUTE) stage.minutes(3);
    stage.now = end;
    stage.tick(answered(), NOTHING);
    expect(stage.mode).toBe('recovering');
  });

  it('does not end with a window at whose end it is unknown what is waiting', () => {
    const stage = new Stage().recover();
    stage.minutes(4).after(MINUTE).tick(answered());
    expect(stage.record).toMatchObject({ mode: 'recovering', windowFrom: stage.now });
  });

  it('does not end while its latest probe failed: the next probe decides', () => {
    const broken = new Stage({ settings: { recoverAfter: 1 } }).recover();
    broken.after(5 * MINUTE).tick(failedProbe(), NOTHING);
    broken.delivered();
    expect(broken.mode).toBe('recovering');
    broken.after(MINUTE).tick(answered());
    expect(broken.delivered() && broken.mode).toBe('normal');
  });

  it('does not count the progress of an earlier recovery', () => {
    const stage = new Stage().recover();
    const { epoch } = stage.record;
    stage.degrade().resume();
    expect(stage.delivered(epoch)).toBe(false);
  });
});
