/** The item of a stage's mode: one that cannot be read, its bounds, and the gauge that follows from it. */
import { describe, expect, it } from '@jest/globals';
import { NORMAL, UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { answered, failedProbe, NOTHING, OPEN, QUEUED, BLOCKED, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

describe('a mode that cannot be read', () => {
  it('is replaced only by resume, with recovering in a new epoch', () => {
    const stage = new Stage({ record: { ...UNREADABLE, held: true, epoch: 6, announced: 6 } });
    expect([stage.hold(), stage.tick(answered('v9')), stage.redriven('m')]).toEqual([false, false, false]);
    expect(stage.resume()).toBe(true);
    const { epoch, held, troubledSince } = stage.record;
    expect({ epoch, held, troubledSince }).toEqual({ epoch: 7, held: false, troubledSince: stage.now });
    expect(stage.record.dueEpoch).toBe(7);
    expect(stage.minutes(5).mode).toBe('normal');
  });

  it('becomes degraded and readable while the system is blocked, and recovers once it is not', () => {
    const stage = new Stage({ record: UNREADABLE, system: BLOCKED });
    expect(stage.resume()).toBe(true);
    expect(stage.record).toMatchObject({ mode: 'degraded', rev: 1, since: stage.now });
    stage.after(MINUTE).system = OPEN;
    expect(stage.tick() && stage.mode).toBe('recovering');
  });

  it('has no earlier pause: a relapse waits for the first pause', () => {
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

  it('has the times of its current mode only', () => {
    const times = ({ record: { pauseUntil, windowFrom } }: Stage) => [pauseUntil > 0, windowFrom > 0];
    const stage = new Stage().degrade();
    expect(times(stage)).toEqual([true, false]);
    stage.resume();
    expect(times(stage)).toEqual([false, true]);
    expect(stage.minutes(5).mode).toBe('normal');
    expect(times(stage)).toEqual([false, false]);
  });

  it('stays below 8 KB with the longest texts: a strong read takes at most two units of capacity', () => {
    const stage = new Stage();
    const long = 'x'.repeat(9_000);
    for (let i = 0; i < 10; i++) {
      stage.recover();
      for (const refused of [true, false])
        stage.apply({
          type: 'failed',
          epoch: stage.record.epoch,
          key: 'k',
          codeVersion: long.slice(0, 64),
          text: long,
          refused,
        });
    }
    stage.minutes(5);
    for (let i = 0; i < 2; i++) stage.after(MINUTE).tick(failedProbe({ error: long, stack: long }));
    expect(stage.mode).toBe('degraded');
    expect(JSON.stringify(stage.record).length).toBeLessThan(8_192);
  });

  it('keeps the last failure of a kind: rewrites the same one after a minute, a different one after five seconds', () => {
    const stage = new Stage();
    const lastAfter = (time: number, text: string) => {
      const about = { epoch: 0, key: 'k', codeVersion: 'v1', refused: false };
      stage.after(time).apply({ type: 'failed', ...about, text });
      return stage.record.lastFailure;
    };
    const begin = stage.now;
    expect(lastAfter(0, '503')).toEqual({ text: '503', at: begin, codeVersion: 'v1' });
    expect(lastAfter(MINUTE - 1, '503')?.at).toBe(begin);
    expect(lastAfter(1, '503')?.at).toBe(begin + MINUTE);
    expect(lastAfter(5 * SECOND - 1, '500')?.text).toBe('503');
    expect(lastAfter(1, '500')).toMatchObject({ text: '500', at: stage.now });
  });

  it('records since when the code that answers probes runs', () => {
    const stage = new Stage();
    const since = stage.now;
    stage.tick(answered('v1'));
    stage.after(MINUTE).tick(failedProbe());
    stage.after(MINUTE).tick(answered('v1'));
    expect(stage.record.code).toEqual({ version: 'v1', since });
    stage.after(MINUTE).tick(answered('v2'));
    expect(stage.record.code).toEqual({ version: 'v2', since: stage.now });
  });

  it('remembers which change was published, and never goes back to an earlier one', () => {
    const stage = new Stage().recover();
    expect(stage.apply({ type: 'announced', epoch: 2 })).toBe(true);
    expect(stage.apply({ type: 'announced', epoch: 1 })).toBe(false);
    expect(stage.record.announced).toBe(2);
    expect(new Stage({ record: NORMAL }).apply({ type: 'announced', epoch: 0 })).toBe(false);
  });
});

describe('the gauge', () => {
  /** Degraded again soon after it was normal. */
  const relapsed = (): Stage => new Stage().degrade().heal().after(MINUTE).degrade();

  it('is 1 unless the mode is normal, and falls together with it at a first incident', () => {
    const stage = new Stage();
    expect(stage.gauge).toBe(0);
    expect(stage.degrade().gauge).toBe(1);
    stage.tried();
    expect(stage.gauge).toBe(1);
    expect(stage.heal().gauge).toBe(0);
  });

  it('stays up after a relapse until normal has lasted as long as the pause', () => {
    const stage = relapsed().heal();
    expect(stage.record).toMatchObject({ mode: 'normal', pause: 10 * MINUTE });
    expect([stage.gauge, stage.after(10 * MINUTE - 1).gauge, stage.after(1).gauge]).toEqual([1, 1, 0]);
  });

  it('also stays up if the stage was degraded again while it recovered; that alone makes a first incident no relapse', () => {
    const stage = relapsed();
    stage.tried();
    expect(stage.degrade().heal().gauge).toBe(1);
    expect(new Stage().recover().degrade().heal().gauge).toBe(0);
  });

  it('stays up for a stage that works one minute out of eight', () => {
    const stage = new Stage().degrade();
    const gauges = Array.from({ length: 30 }, () => {
      const { gauge } = stage.heal().after(MINUTE);
      stage.degrade().after(7 * MINUTE);
      return gauge;
    });
    expect(gauges.filter((gauge) => gauge === 0)).toHaveLength(1);
  });

  it('does not fall while work is waiting and nothing got through, and falls after progress', () => {
    const stage = relapsed();
    stage.resume();
    stage.minutes(5);
    expect(stage.record).toMatchObject({ mode: 'normal', proven: false });
    stage.minutes(4).minutes(8, QUEUED);
    expect([stage.mode, stage.gauge]).toEqual(['normal', 1]);
    stage.remembered('delivered', 0);
    stage.minutes(1, QUEUED);
    expect(stage.gauge).toBe(0);
  });

  it('does not rise again without a change of mode', () => {
    const stage = relapsed();
    stage.resume();
    stage.minutes(5).minutes(11);
    expect([stage.gauge, stage.record.relapsed]).toEqual([0, false]);
    expect(stage.minutes(5, QUEUED).gauge).toBe(0);
  });

  it('treats an incident after an hour of normal as a first one', () => {
    expect(new Stage().degrade().heal().after(HOUR).degrade().heal().gauge).toBe(0);
  });

  it('does not change with a hold', () => {
    const stage = relapsed().heal();
    stage.hold();
    expect(stage.gauge).toBe(1);
    stage.after(10 * MINUTE).tick(answered(), NOTHING);
    expect(stage.gauge).toBe(0);
    const normal = new Stage();
    normal.hold();
    expect(normal.gauge).toBe(0);
  });
});
