import { describe, expect, it } from '@jest/globals';
import { lastWarningOf, warningOf } from '../../../contract/retention.ts';
import {
  continued,
  END_OF_LIST,
  fateOf,
  isSweepDue,
  knownOf,
  mayExpireBefore,
  NONE_EXPIRING,
  NOTHING_SEEN,
  seenAt,
  sweepInterval,
  withFate,
  withSeen,
  type Situation,
  type Sweep,
} from '../../../lambdas/core/event/retention.ts';
import { placeOf } from '../../../lambdas/core/event/rejection.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const RETENTION = 90 * DAY;
const NOW = Date.UTC(2026, 5, 1);

const record = (at: number, id = 'm', receivedAt = at) => ({
  id,
  at,
  receivedAt: new Date(receivedAt).toISOString(),
});

describe('the warning period', () => {
  it.each([
    [7 * DAY, 120_960_000],
    [20 * DAY, 4 * DAY],
    [35 * DAY, 7 * DAY],
    [3_650 * DAY, 7 * DAY],
  ])('of %d is %d: a fifth, a week at most', (retention, warning) => {
    expect(warningOf(retention)).toBe(warning);
    expect(lastWarningOf(retention)).toBeCloseTo(warning / 3);
    expect(sweepInterval(retention)).toBeLessThanOrEqual(warning / 24);
    expect(sweepInterval(retention)).toBeLessThanOrEqual(6 * HOUR);
  });
});

describe('a record', () => {
  const situation = (more: Partial<Situation> = {}): Situation => ({
    retention: RETENTION,
    seen: NOTHING_SEEN,
    warnedSince: 0,
    now: NOW,
    ...more,
  });
  const seenAgo = (ago: number) => withSeen(NOTHING_SEEN, END_OF_LIST, NOW - ago, NOW - ago);
  /** What lies in the list by now. */
  const aged = (age: number) => record(NOW - age);

  it('is kept until its warning period, and a little longer than it is looked for', () => {
    expect(fateOf(aged(82 * DAY), situation())).toEqual({ kind: 'kept' });
    expect(fateOf(aged(83 * DAY), situation())).toEqual({
      kind: 'expiring',
      at: NOW + 7 * DAY,
      isSeen: false,
      isSoon: false,
    });
    expect(fateOf(aged(83 * DAY - 13 * HOUR), situation())).toEqual({ kind: 'kept' });
  });

  it('goes soon in the last third of it, unless an operator has seen it', () => {
    expect(fateOf(aged(88 * DAY), situation())).toMatchObject({ isSeen: false, isSoon: true });
    expect(fateOf(aged(88 * DAY), situation({ seen: seenAgo(DAY) }))).toMatchObject({
      isSeen: true,
      isSoon: false,
    });
  });

  it('is deleted when its time is over, not a moment before', () => {
    const over = { kind: 'over', isSeen: false };
    expect(fateOf(aged(RETENTION), situation())).toEqual(over);
    expect(fateOf(aged(RETENTION - 1), situation())).toMatchObject({ kind: 'expiring', at: NOW + 1 });
  });

  it('is not deleted before the warning has rung for the whole period, however old it is', () => {
    const old = aged(900 * DAY);
    expect(fateOf(old, situation({ warnedSince: NOW }))).toMatchObject({
      kind: 'expiring',
      at: NOW + 7.5 * DAY,
    });
    expect(fateOf(old, situation({ warnedSince: NOW - 7.5 * DAY + 1 }))).toMatchObject({ isSoon: true });
    expect(fateOf(old, situation({ warnedSince: NOW - 7.5 * DAY }))).toEqual({ kind: 'over', isSeen: false });
  });

  it('that an operator has seen only after its time stays for a day: it may have to be sent again', () => {
    const old = aged(900 * DAY);
    const fate = (ago: number) => fateOf(old, situation({ warnedSince: NOW - HOUR, seen: seenAgo(ago) }));
    expect(fate(HOUR)).toEqual({ kind: 'expiring', at: NOW + 23 * HOUR, isSeen: true, isSoon: false });
    expect(fate(24 * HOUR)).toEqual({ kind: 'over', isSeen: true });
  });

  it('whose time cannot be read is kept', () => {
    for (const at of [Number.NaN, undefined as unknown as number])
      expect(fateOf({ ...record(0), at }, situation())).toEqual({ kind: 'kept' });
  });

  it('is counted while it is expiring, with the first of all that go', () => {
    const fates = [aged(RETENTION), aged(88 * DAY), aged(84 * DAY), aged(DAY)].map((one) =>
      fateOf(one, situation()),
    );
    const found = fates.reduce(withFate, NONE_EXPIRING);
    expect(found).toEqual({ records: 2, unseen: 2, soon: 1, next: NOW + 2 * DAY });
    const seen = fates.length > 0 && fateOf(aged(84 * DAY), situation({ seen: seenAgo(DAY) }));
    expect(withFate(NONE_EXPIRING, seen || { kind: 'kept' })).toMatchObject({ records: 1, unseen: 0 });
  });

  it('is found by its acceptance, which is never later than its own time', () => {
    const until = mayExpireBefore(RETENTION, NOW);
    for (const age of [83 * DAY, RETENTION, 900 * DAY]) expect(aged(age).receivedAt < until).toBe(true);
    expect(aged(82 * DAY).receivedAt < until).toBe(false);
  });
});

describe('what was seen', () => {
  const MINUTE = 60_000;
  const list = [1, 2, 3].map((i) => record(NOW - DAY + i, `m${i}`));
  const [first = record(0), second = record(0), third = record(0)] = list;

  it('is what a list has shown, up to where it was read', () => {
    const seen = withSeen(NOTHING_SEEN, placeOf(second), NOW, NOW + 5);
    expect(list.map((one) => seenAt(seen, one))).toEqual([NOW, NOW, undefined]);
    expect(seen.markedAt).toBe(NOW + 5);
    expect(seenAt(withSeen(seen, END_OF_LIST, NOW, NOW + 6), third)).toBe(NOW);
  });

  it('is nothing that was recorded later, wherever it stands in the list', () => {
    const seen = withSeen(NOTHING_SEEN, END_OF_LIST, NOW, NOW);
    // Accepted long ago, and discarded now.
    expect(seenAt(seen, record(NOW, 'late', NOW - 50 * DAY))).toBeUndefined();
    // A function that took the time of a record before the list was read may write it after that.
    expect(seenAt(seen, record(NOW - 14 * MINUTE, 'slow', NOW - 50 * DAY))).toBeUndefined();
    expect(seenAt(seen, record(NOW - 15 * MINUTE, 'settled', NOW - 50 * DAY))).toBe(NOW);
  });

  it('of one moment of acceptance, is only what stands before', () => {
    const at = NOW - DAY;
    const seen = withSeen(NOTHING_SEEN, placeOf(record(at, 'b')), NOW, NOW);
    expect(['a', 'b', 'c'].map((id) => seenAt(seen, record(at, id)) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    // By bytes: in JavaScript's order the second stands before the first.
    const late = withSeen(NOTHING_SEEN, placeOf(record(at, '\uff5e')), NOW, NOW);
    expect(seenAt(late, record(at, '\u{1f600}'))).toBeUndefined();
  });

  it('grows: a first page that is looked at later takes nothing away from a whole list before', () => {
    const all = withSeen(NOTHING_SEEN, END_OF_LIST, NOW, NOW);
    const late = record(NOW + HOUR, 'late', NOW - 50 * DAY);
    const both = withSeen(all, placeOf(first), NOW + DAY, NOW + DAY);
    expect(both.marks).toHaveLength(2);
    expect(seenAt(both, third)).toBe(NOW);
    expect(seenAt(both, late)).toBe(NOW + DAY);
    // Of two that say the same the larger one stays.
    expect(withSeen(both, END_OF_LIST, NOW + 2 * DAY, 1).marks).toHaveLength(1);
    // It says nothing new.
    expect(withSeen(both, placeOf(first), NOW + DAY, 7)).toBe(both);
  });

  it('is bounded', () => {
    let seen = NOTHING_SEEN;
    for (let i = 0; i < 50; i += 1)
      seen = withSeen(seen, placeOf(record(NOW - i * DAY)), NOW + i * DAY, NOW + i * DAY);
    expect(seen.marks.length).toBeLessThanOrEqual(8);
    expect(seenAt(seen, record(NOW - 60 * DAY))).toBeDefined();
  });
});

describe('a look at a stage', () => {
  const sweep: Sweep = { retention: RETENTION, warnedSince: 5, at: NOW, endedAt: NOW, found: NONE_EXPIRING };
  const due = (one: Sweep | undefined, more: { now?: number; markedAt?: number } = {}) =>
    isSweepDue(one, { retention: RETENTION, now: NOW + HOUR, markedAt: 0, ...more });

  it('is due at first, while one is under way, and after six hours; not at the end of each record', () => {
    expect(due(undefined)).toBe(true);
    expect(due(sweep)).toBe(false);
    expect(due({ ...sweep, under: { found: NONE_EXPIRING, cursor: 'c' } })).toBe(true);
    expect(due(sweep, { now: NOW + 6 * HOUR })).toBe(true);
    expect(due({ ...sweep, found: { ...NONE_EXPIRING, records: 1, next: NOW + HOUR } })).toBe(false);
  });

  it('is due when an operator has listed records that nobody had seen: the warning shall end', () => {
    const unseen = { ...sweep, found: { records: 2, unseen: 1, soon: 0, next: NOW + DAY } };
    expect(due(unseen, { markedAt: NOW + 1 })).toBe(true);
    expect(due(unseen, { markedAt: NOW - 1 })).toBe(false);
    expect(due(sweep, { markedAt: NOW + 1 })).toBe(false);
  });

  it('continues the warnings of before, unless they paused for long, or the retention was another', () => {
    expect(continued(sweep, RETENTION, NOW + 18 * HOUR)).toBe(sweep);
    expect(continued(sweep, RETENTION, NOW + 18 * HOUR + 1)).toBeUndefined();
    expect(continued(sweep, RETENTION + DAY, NOW)).toBeUndefined();
    expect(continued(undefined, RETENTION, NOW)).toBeUndefined();
  });

  it('that is under way adds to what is known only when it has found more', () => {
    const [few, many] = [1, 5].map((records) => ({ records, unseen: records, soon: 0, next: NOW }));
    if (few === undefined || many === undefined) throw new Error('two');
    expect(knownOf({ found: many, under: { found: few, cursor: 'c' } })).toBe(many);
    expect(knownOf({ found: few, under: { found: many, cursor: 'c' } })).toBe(many);
    expect(knownOf({ found: few })).toBe(few);
  });
});
