/** When progress is written, what is remembered of it, and what else is counted. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import { isOpen, ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';

const MINUTE = 60_000;
const WINDOW = 5 * MINUTE;
const OPEN: ModeRecord = { ...NORMAL, doubtAt: 5 };

let note: ProgressNote;
beforeEach(() => {
  note = new ProgressNote({ minute: MINUTE, window: WINDOW });
});

const made = (kind: 'deliveredAt' | 'filteredAt', at: number, record = NORMAL, stored = {}) => {
  note.made(kind, at);
  return note.take(record, stored, at);
};

describe('something is counted against a stage', () => {
  it.each<[string, Partial<ModeRecord>]>([
    ['that is degraded', { mode: 'degraded' }],
    ['that recovers', { mode: 'recovering' }],
    ['with failures', { failing: { since: 0, count: 1, keys: [] } }],
    ['with rejections', { rejecting: { since: 0, count: 1 } }],
    ['with deaths', { deaths: [{ id: 'm', at: 0 }] }],
    ['whose door is in doubt', { doubtAt: 0 }],
    ['that failed a probe', { probeFailures: 1 }],
    ['that relapsed, with nothing through since', { relapsed: true, proven: false }],
  ])('%s', (_, fields) => {
    expect(isOpen({ ...NORMAL, ...fields })).toBe(true);
  });

  it('but not against one that is well', () => {
    const withRedrives: ModeRecord = { ...NORMAL, redrives: [{ id: 'm', at: 0 }] };
    expect(isOpen(withRedrives)).toBe(false);
    expect(isOpen({ ...NORMAL, relapsed: true, proven: true })).toBe(false);
  });
});

describe('progress is written', () => {
  it('the first time', () => {
    expect(made('deliveredAt', 1_000)).toEqual({ deliveredAt: 1_000 });
    expect(note.take(NORMAL, {}, 2 * MINUTE)).toBeUndefined();
  });

  it('once a minute while the stage is well, with the latest times', () => {
    made('deliveredAt', 1_000);
    expect(made('deliveredAt', 2_000)).toBeUndefined();
    // The first of its kind.
    expect(made('filteredAt', 3_000)).toEqual({ deliveredAt: 2_000, filteredAt: 3_000 });
    expect(made('filteredAt', MINUTE + 1_000)).toBeUndefined();
    expect(made('deliveredAt', MINUTE + 1_999)).toBeUndefined();
    const latest = { deliveredAt: MINUTE + 2_000, filteredAt: MINUTE + 1_000 };
    expect(made('deliveredAt', MINUTE + 2_000)).toEqual(latest);
  });

  it('once a second while something is counted against it', () => {
    made('deliveredAt', 1_000, OPEN);
    expect(made('deliveredAt', 1_999, OPEN)).toBeUndefined();
    expect(made('deliveredAt', 2_000, OPEN)).toEqual({ deliveredAt: 2_000 });
  });

  it('right after a write of what was made long before: the environment may be frozen then', () => {
    made('deliveredAt', 1_000);
    made('deliveredAt', 10_000);
    const now = 10 * MINUTE;
    expect(note.take(OPEN, { deliveredAt: 1_000 }, now)).toEqual({ deliveredAt: 10_000 });
    expect(made('deliveredAt', now + 20, OPEN)).toEqual({ deliveredAt: now + 20 });
  });

  it('of the other kind right after it: only what is delivered ends the doubt', () => {
    made('filteredAt', 1_000, OPEN);
    expect(made('deliveredAt', 1_020, OPEN)).toEqual({ deliveredAt: 1_020 });
  });

  it('as soon as the record needs it, if it was not written before', () => {
    made('deliveredAt', 1_000);
    made('deliveredAt', 9_000);
    expect(note.take(NORMAL, {}, 30_000)).toBeUndefined();
    expect(note.take(OPEN, { deliveredAt: 1_000 }, 30_000)).toEqual({ deliveredAt: 9_000 });
    expect(note.take(OPEN, { deliveredAt: 9_000 }, 40_000)).toBeUndefined();
  });

  it('never over a later time', () => {
    made('deliveredAt', 1_000);
    made('filteredAt', 1_000);
    made('deliveredAt', 9_000);
    made('filteredAt', 9_500);
    const others = { deliveredAt: 20_000, filteredAt: 3 };
    expect(note.take(OPEN, others, 30_000)).toEqual({ filteredAt: 9_500 });
    expect(note.take(OPEN, others, 40_000)).toBeUndefined();
  });

  it('again if the write failed, together with later progress', () => {
    const taken = made('deliveredAt', 1_000, OPEN) ?? {};
    note.made('filteredAt', 1_500);
    note.failed(taken);
    expect(note.take(OPEN, {}, 1_600)).toBeUndefined();
    expect(note.take(OPEN, {}, 2_000)).toEqual({ deliveredAt: 1_000, filteredAt: 1_500 });
    const again = made('deliveredAt', 4_000, OPEN) ?? {};
    note.made('deliveredAt', 4_500);
    note.failed(again);
    expect(note.take(OPEN, {}, 5_000)).toEqual({ deliveredAt: 4_500 });
  });

  it('again a second after a write that failed, while the stage is well too', () => {
    const taken = made('deliveredAt', 100_000) ?? {};
    note.failed(taken);
    note.made('deliveredAt', 100_900);
    expect(note.take(NORMAL, {}, 100_999)).toBeUndefined();
    expect(note.take(NORMAL, {}, 101_000)).toEqual({ deliveredAt: 100_900 });
    note.made('deliveredAt', 102_500);
    expect(note.take(NORMAL, {}, 103_000)).toBeUndefined();
  });

  it('not again after a write that failed, once others have written later progress', () => {
    note.failed(made('deliveredAt', 1_000, OPEN) ?? {});
    expect(note.take(OPEN, { deliveredAt: 1_500 }, 5_000)).toBeUndefined();
  });

  it('as often as control runs, if that is more often', () => {
    note = new ProgressNote({ minute: 500, window: WINDOW });
    made('deliveredAt', 1_000, OPEN);
    expect(made('deliveredAt', 1_500, OPEN)).toEqual({ deliveredAt: 1_500 });
  });

  it('and is remembered, written or not', () => {
    made('deliveredAt', 1_000);
    made('deliveredAt', 2_000);
    expect(note.last).toEqual({ deliveredAt: 2_000 });
  });
});

describe('what was processed', () => {
  it('is counted since the last redrive', () => {
    for (let i = 0; i < 7; i++) note.finished(1_000 + i);
    expect(note.processed(2_000)).toBe(7);
    note.redriven();
    expect(note.processed(2_000)).toBe(0);
    note.finished(3_000);
    expect(note.processed(3_000)).toBe(1);
  });

  it('or since the window began', () => {
    note.finished(0);
    note.finished(WINDOW / 2);
    expect(note.processed(WINDOW)).toBe(2);
    // Parts of the window are not distinguished.
    expect(note.processed(WINDOW + WINDOW / 10)).toBe(1);
    expect(note.processed(2 * WINDOW)).toBe(0);
  });
});
