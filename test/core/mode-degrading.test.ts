/** What degrades a stage. */
import { describe, expect, it } from '@jest/globals';
import { answered, crash, failedProbe, HOUR, MINUTE, OPEN, SECOND, SHUT, Stage } from './mode-support.ts';

describe('redrives', () => {
  /** One at each of these minutes. */
  const redrivenAt = (minutes: readonly number[], settings = {}): Stage => {
    const stage = new Stage({ settings });
    const { now } = stage;
    for (const [i, minute] of minutes.entries()) {
      stage.now = now + minute * MINUTE;
      stage.redriven(`m${i}`);
    }
    return stage;
  };

  it('5 in 5 minutes degrade, and not before the fifth', () => {
    const stage = redrivenAt([0, 1, 2, 3]);
    expect(stage.record).toMatchObject({ mode: 'normal', epoch: 0 });
    stage.after(2 * MINUTE).redriven('m4');
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      epoch: 1,
      since: stage.now,
      troubledSince: stage.now,
      reason: '5 messages were redriven within 5 minutes',
      codeVersion: 'v1',
      pause: 5 * MINUTE,
      pauseUntil: stage.now + 5 * MINUTE,
    });
    expect(stage.record.redrives).toHaveLength(5);
    expect(stage.record.history).toEqual([
      { epoch: 1, mode: 'degraded', at: stage.now, reason: '5 messages were redriven within 5 minutes' },
    ]);
  });

  it('4 do not', () => expect(redrivenAt([0, 0, 0, 0]).mode).toBe('normal'));

  it('5 in 6 minutes do not; the oldest is forgotten, and a sixth degrades', () => {
    const stage = redrivenAt([0, 1.5, 3, 4.5, 6]);
    expect(stage.mode).toBe('normal');
    expect(stage.record.redrives.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(stage.redriven('m5') && stage.mode).toBe('degraded');
  });

  it('the same message counts once, however often it is reported', () => {
    const stage = redrivenAt([0, 1, 2, 3]);
    const before = stage.record;
    for (let i = 0; i < 10; i++) expect(stage.after(20 * SECOND).redriven('m3')).toBe(false);
    expect(stage.record).toBe(before);
  });

  it('those of another epoch are not counted', () => {
    const stage = redrivenAt([0, 1, 2, 3]);
    expect([stage.redriven('m4', 1), stage.redriven('m4', -1)]).toEqual([false, false]);
  });

  it('in degraded none is counted: ten messages in lockstep leave five in the record', () => {
    const stage = redrivenAt([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(stage.record).toMatchObject({ mode: 'degraded', epoch: 1, rev: 5 });
    expect(stage.redriven('later')).toBe(false);
  });

  it('each leaves its crash, shortened', () => {
    const stage = new Stage();
    const long = crash({
      messageId: 'm1',
      key: 'k1',
      error: 'é'.repeat(3_000),
      stack: 'é'.repeat(30_000),
    });
    stage.apply({ type: 'redriven', epoch: 0, messageId: 'm1', crash: long });
    const { lastCrash } = stage.record;
    expect(lastCrash).toMatchObject({ kind: 'throw', messageId: 'm1', key: 'k1', codeVersion: 'v1' });
    expect(lastCrash?.error).toBe('é'.repeat(250));
    expect(lastCrash?.stack).toBe('é'.repeat(1_000));
    stage.apply({ type: 'redriven', epoch: 0, messageId: 'm2', crash: crash() });
    expect(stage.record.lastCrash).toEqual(crash());
  });

  it('are said as they are counted', () => {
    expect(redrivenAt([0], { redriveThreshold: 1 }).record.reason).toBe('a message was redriven');
    const odd = redrivenAt([0, 1], { redriveThreshold: 2, window: 90 * SECOND });
    expect(odd.record.reason).toBe('2 messages were redriven within 90 seconds');
    const short = redrivenAt([0, 0], { redriveThreshold: 2, window: 1_500 });
    expect(short.record.reason).toBe('2 messages were redriven within 1500 milliseconds');
    const long = redrivenAt([0, 0], { redriveThreshold: 2, window: HOUR });
    expect(long.record.reason).toBe('2 messages were redriven within 1 hour');
  });

  it('more than a threshold that was lowered meanwhile are not kept', () => {
    const stage = redrivenAt([0, 0, 0, 0]);
    const lowered = new Stage({ record: stage.record, settings: { redriveThreshold: 2 } });
    lowered.redriven('m4');
    expect(lowered.mode).toBe('degraded');
    expect(lowered.record.redrives.map(({ id }) => id)).toEqual(['m3', 'm4']);
  });
});

describe('probes', () => {
  it('two failures in a row degrade, with what the second one said', () => {
    const stage = new Stage();
    stage.tick(failedProbe({ error: 'Error: first' }));
    expect(stage.record).toMatchObject({ mode: 'normal', probeFailures: 1 });
    stage.after(MINUTE).tick(failedProbe({ codeVersion: '' }));
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      epoch: 1,
      codeVersion: '',
      reason: 'the function failed two probes in a row: Error: cannot load',
      lastCrash: { kind: 'load', error: 'Error: cannot load\n  in a file' },
    });
  });

  it('an answer in between begins the count anew; no probe does not', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    expect(stage.tick(answered()) && stage.record.probeFailures).toBe(0);
    stage.tick(failedProbe());
    expect(stage.tick()).toBe(false);
    expect(stage.tick(failedProbe()) && stage.mode).toBe('degraded');
  });

  it('a bundle that is still broken goes back from recovering', () => {
    const stage = new Stage().recover();
    stage.tick(failedProbe());
    expect(stage.mode).toBe('recovering');
    stage.tick(failedProbe());
    expect(stage.record).toMatchObject({ mode: 'degraded', pause: 10 * MINUTE });
  });

  it('count anew in each recovery', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    stage.tick(failedProbe());
    stage.resume();
    stage.tick(failedProbe());
    expect(stage.mode).toBe('recovering');
  });

  it('in degraded they are written until nothing new is known', () => {
    const stage = new Stage().degrade();
    const write = (error: string) => stage.after(MINUTE).tick(failedProbe({ error, at: stage.now }));
    expect([write('a'), write('a'), write('a'), write('b'), write('b')]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    expect(stage.record).toMatchObject({ mode: 'degraded', epoch: 1, probeFailures: 2 });
  });

  it('a long error leaves a short reason', () => {
    const stage = new Stage();
    for (const error of ['x', 'x'.repeat(9_000)]) stage.tick(failedProbe({ error }));
    expect(stage.record.reason).toHaveLength(500);
    expect(stage.record.history[0]?.reason).toHaveLength(200);
  });
});

describe('the breaker of a destination', () => {
  const failures = (stage: Stage, n: number, keys = ['a', 'b']): void => {
    for (let i = 0; i < n; i++) stage.failed(keys[i % keys.length] ?? '');
  };

  it('opens at a failure when 20 of two keys were counted and none succeeded for 2 minutes', () => {
    const stage = new Stage({ system: OPEN });
    failures(stage, 30);
    expect(stage.record.failing).toEqual({ since: stage.now, count: 20, keys: ['a', 'b'] });
    expect(stage.after(2 * MINUTE - 1).failed('c')).toBe(false);
    expect(stage.after(1).failed('c')).toBe(true);
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      reason: '20 deliveries of at least 2 users failed, and none succeeded for 2 minutes',
      codeVersion: 'v1',
    });
  });

  it('does not open for a single key, for 19 failures, or for a stage without a system above it', () => {
    const single = new Stage({ system: OPEN });
    failures(single, 100, ['a']);
    single.after(HOUR);
    expect(single.failed('a')).toBe(false);
    expect(single.failed('b') && single.mode).toBe('degraded');

    const few = new Stage({ system: OPEN });
    failures(few, 18);
    few.after(HOUR).failed('c');
    expect(few.mode).toBe('normal');
    expect(few.failed('c') && few.mode).toBe('degraded');

    const router = new Stage();
    expect(router.failed('a')).toBe(false);
  });

  it('begins anew with a success, in normal and in recovering', () => {
    for (const stage of [new Stage({ system: OPEN }), new Stage({ system: OPEN }).recover()]) {
      failures(stage, 20);
      stage.after(MINUTE).succeeded();
      expect(stage.record.failing).toBeUndefined();
      failures(stage, 20);
      stage.after(2 * MINUTE - 1).failed('a');
      expect(stage.mode).not.toBe('degraded');
      expect(stage.after(1).failed('a') && stage.mode).toBe('degraded');
    }
  });

  it('costs a bounded number of writes, however many fail', () => {
    const stage = new Stage({ system: OPEN });
    failures(stage, 1_000, ['a', 'b', 'c', 'd']);
    expect(stage.record.rev).toBe(20);
  });

  it('a destination that is still dead goes back from recovering, and the pause doubles', () => {
    const stage = new Stage({ system: OPEN });
    failures(stage, 20);
    stage.after(2 * MINUTE).failed('a');
    stage.after(5 * MINUTE).tick(answered());
    expect(stage.record).toMatchObject({ mode: 'recovering', reason: 'the pause is over' });
    failures(stage, 20);
    stage.after(2 * MINUTE).failed('a');
    expect(stage.record).toMatchObject({ mode: 'degraded', pause: 10 * MINUTE });
  });

  it('goes on counting over the end of a recovery', () => {
    const stage = new Stage({ system: OPEN, settings: { window: MINUTE } }).recover();
    failures(stage, 20);
    stage.after(MINUTE).tick(answered());
    expect(stage.mode).toBe('normal');
    expect(stage.after(MINUTE).failed('a') && stage.mode).toBe('degraded');
  });
});

describe('a stage that is stopped', () => {
  it.each(['held', 'shut by the system'])('%s: what worsens it is still counted', (how) => {
    const stop = (stage: Stage): Stage => {
      if (how === 'held') stage.hold();
      else stage.system = SHUT;
      return stage;
    };
    const stopped = () => stop(new Stage({ system: OPEN }));
    expect(stopped().degrade().mode).toBe('degraded');
    const unloadable = stopped();
    unloadable.tick(failedProbe());
    expect(unloadable.tick(failedProbe()) && unloadable.mode).toBe('degraded');
    const dead = stopped();
    for (let i = 0; i < 20; i++) dead.failed(`k${i}`);
    expect(dead.after(2 * MINUTE).failed('k') && dead.mode).toBe('degraded');
    const poisoned = stop(new Stage({ system: OPEN }).recover());
    expect(poisoned.redriven('m') && poisoned.mode).toBe('degraded');
  });
});
