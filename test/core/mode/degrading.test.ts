/** What degrades a stage. */
import { describe, expect, it } from '@jest/globals';
import { answered, crash, failedProbe, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

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

  it('degrade the stage at the fifth in 5 minutes', () => {
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

  it('do not degrade it at 4', () => expect(redrivenAt([0, 0, 0, 0]).mode).toBe('normal'));

  it('do not degrade it at 5 in 6 minutes: the oldest is forgotten, and a sixth degrades', () => {
    const stage = redrivenAt([0, 1.5, 3, 4.5, 6]);
    expect(stage.mode).toBe('normal');
    expect(stage.record.redrives.map(({ id }) => id)).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(stage.redriven('m5') && stage.mode).toBe('degraded');
  });

  it('count a message once, no matter how often it is reported', () => {
    const stage = redrivenAt([0, 1, 2, 3]);
    const before = stage.record;
    for (let i = 0; i < 10; i++) expect(stage.after(20 * SECOND).redriven('m3')).toBe(false);
    expect(stage.record).toBe(before);
  });

  it('do not count under another epoch', () => {
    const stage = redrivenAt([0, 1, 2, 3]);
    expect([stage.redriven('m4', 1), stage.redriven('m4', -1)]).toEqual([false, false]);
  });

  it('do not count in degraded: ten messages in lockstep leave five in the record', () => {
    const stage = redrivenAt([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(stage.record).toMatchObject({ mode: 'degraded', epoch: 1, rev: 5 });
    expect(stage.redriven('later')).toBe(false);
  });

  it('record the crash of each, shortened', () => {
    const stage = new Stage();
    const long = crash({
      messageId: 'm1',
      key: 'k1',
      error: 'é'.repeat(3_000),
      stack: 'é'.repeat(30_000),
    });
    stage.apply({ type: 'redriven', epoch: 0, messageId: 'm1', crash: long, processed: 0 });
    const { lastCrash } = stage.record;
    expect(lastCrash).toMatchObject({ kind: 'throw', messageId: 'm1', key: 'k1', codeVersion: 'v1' });
    expect(lastCrash?.error).toBe('é'.repeat(250));
    expect(lastCrash?.stack).toBe('é'.repeat(1_000));
    stage.apply({ type: 'redriven', epoch: 0, messageId: 'm2', crash: crash(), processed: 0 });
    expect(stage.record.lastCrash).toEqual(crash());
  });

  it('appear in the reason with their number and window', () => {
    expect(redrivenAt([0], { redriveThreshold: 1 }).record.reason).toBe('a message was redriven');
    const odd = redrivenAt([0, 1], { redriveThreshold: 2, window: 90 * SECOND });
    expect(odd.record.reason).toBe('2 messages were redriven within 90 seconds');
    const short = redrivenAt([0, 0], { redriveThreshold: 2, window: 1_500 });
    expect(short.record.reason).toBe('2 messages were redriven within 1500 milliseconds');
    const long = redrivenAt([0, 0], { redriveThreshold: 2, window: HOUR });
    expect(long.record.reason).toBe('2 messages were redriven within 1 hour');
  });

  it('are not kept beyond a threshold that was lowered since', () => {
    const stage = redrivenAt([0, 0, 0, 0]);
    const lowered = new Stage({ record: stage.record, settings: { redriveThreshold: 2 } });
    lowered.redriven('m4');
    expect(lowered.mode).toBe('degraded');
    expect(lowered.record.redrives.map(({ id }) => id)).toEqual(['m3', 'm4']);
  });
});

describe('the share of redrives', () => {
  const redriven = (stage: Stage, count: number, processed: number): Stage => {
    for (let i = 0; i < count; i++) stage.redriven(`m${i}`, stage.record.epoch, processed);
    return stage;
  };

  it('below 5 % of the processed messages does not degrade, and is recorded; 5 % degrades', () => {
    const stage = redriven(new Stage(), 5, 21);
    expect(stage.record).toMatchObject({ mode: 'normal', belowShareAt: stage.now });
    expect(redriven(new Stage(), 5, 20).mode).toBe('degraded');
  });

  it('does not matter from 1,000 redrives within the window, and their ids are not all kept', () => {
    const stage = redriven(new Stage(), 999, 1_000);
    expect(stage.mode).toBe('normal');
    expect(stage.record.redrives).toHaveLength(5);
    stage.redriven('last', 0, 1_000);
    expect(stage.record.reason).toBe('1000 messages were redriven within 5 minutes');
  });

  it('does not matter if the setting is 0', () =>
    expect(redriven(new Stage({ settings: { redriveShare: 0 } }), 5, 1e9).mode).toBe('degraded'));

  it('leaves out messages that were processed before the window', () => {
    const stage = redriven(new Stage(), 1, 1e6).after(7 * MINUTE);
    for (const id of ['a', 'b', 'c', 'd', 'e']) stage.redriven(id);
    expect(stage.mode).toBe('degraded');
  });

  it('does not matter in recovering before the first progress', () => {
    const stage = new Stage().recover();
    stage.redriven('m', stage.record.epoch, 1e6);
    expect(stage.mode).toBe('degraded');
  });
});

describe('deaths', () => {
  const died = (stage: Stage, ids: readonly string[]): Stage => {
    for (const id of ids) stage.died(id);
    return stage;
  };

  it('degrade at 5 messages within 5 minutes', () => {
    const stage = died(new Stage(), ['a', 'b', 'c', 'd']);
    expect(stage.mode).toBe('normal');
    stage.after(5 * MINUTE).died('e');
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      reason: 'the process died at 5 messages within 5 minutes, and nothing got through',
      lastCrash: { kind: 'death' },
    });
  });

  it('count once per message, at the time of the first', () => {
    const stage = died(new Stage(), ['a', 'b', 'c', 'd']);
    expect(stage.after(MINUTE).died('d')).toBe(false);
    stage.after(4 * MINUTE + 1).died('e');
    expect(stage.record).toMatchObject({ mode: 'normal', deaths: [{ id: 'e' }] });
  });

  it('are forgotten with progress, reported or only stored', () => {
    const reported = died(new Stage(), ['a', 'b', 'c', 'd']);
    reported.delivered();
    expect(reported.record.deaths).toEqual([]);
    const stored = died(new Stage(), ['a', 'b', 'c', 'd']).after(SECOND);
    stored.remembered('filtered', 0);
    stored.after(SECOND).died('e');
    expect(stored.record).toMatchObject({ mode: 'normal', deaths: [{ id: 'e' }] });
  });
});

describe('probes', () => {
  it('degrade after two failures in a row, with the error of the second', () => {
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

  it('count as one if less than half a minute apart: two controls may run at the same time', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    expect(stage.after(30 * SECOND - 1).tick(failedProbe())).toBe(false);
    expect(stage.after(1).tick(failedProbe()) && stage.mode).toBe('degraded');
  });

  it('do not degrade with progress between them, and are recorded; a third without it degrades', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    stage.after(SECOND).delivered();
    stage.after(MINUTE).tick(failedProbe());
    expect(stage.record).toMatchObject({ mode: 'normal', probeFailures: 2 });
    stage.after(MINUTE).tick(failedProbe());
    expect(stage.mode).toBe('degraded');
  });

  it('are counted from 0 again after an answer, but not after a minute without a probe', () => {
    const stage = new Stage();
    stage.tick(failedProbe());
    expect(stage.after(MINUTE).tick(answered()) && stage.record.probeFailures).toBe(0);
    stage.after(MINUTE).tick(failedProbe());
    expect(stage.after(MINUTE).tick()).toBe(false);
    expect(stage.tick(failedProbe()) && stage.mode).toBe('degraded');
  });

  it('are trouble in recovering: failures over two minutes degrade', () => {
    const stage = new Stage().recover();
    for (const wait of [0, MINUTE]) stage.after(wait).tick(failedProbe());
    expect(stage.mode).toBe('recovering');
    stage.after(MINUTE).tick(failedProbe());
    expect(stage.record).toMatchObject({
      mode: 'degraded',
      pause: 10 * MINUTE,
      reason:
        'failed probes (Error: cannot load) for 2 minutes while the stage recovered, and nothing got through',
    });
  });

  it('give a short reason for a long error', () => {
    const stage = new Stage();
    for (const error of ['x', 'x'.repeat(9_000)]) stage.after(MINUTE).tick(failedProbe({ error }));
    expect(stage.record.reason).toMatch(/^the function .*x{400}x*…$/);
    expect(Buffer.byteLength(stage.record.reason)).toBe(500);
    expect(Buffer.byteLength(stage.record.history[0]?.reason ?? '')).toBe(200);
  });
});
