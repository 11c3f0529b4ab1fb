import { describe, expect, it } from '@jest/globals';
import { type ModeRecord, NORMAL, UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { parseMode, toModeItem } from '../../../lambdas/core/mode/codec.ts';

const FULL: Required<Omit<ModeRecord, 'newer'>> = {
  mode: 'recovering',
  held: true,
  epoch: 7,
  rev: 31,
  since: 1_000,
  troubledSince: 900,
  forwardingSince: 950,
  reason: 'the pause is over',
  holdReason: 'looking into it',
  codeVersion: 'v1',
  pause: 300_000,
  pauseUntil: 301_000,
  windowFrom: 1_000,
  frozenAt: 1_100,
  releasedAt: 1_050,
  redrives: [{ id: 'm1', at: 990 }],
  shares: [{ minute: 16, redriven: 1, processed: 40 }],
  belowShareAt: 985,
  deaths: [{ id: 'm2', at: 991 }],
  probeFailedAt: 992,
  rejecting: { since: 981, count: 2 },
  doubtAt: 982,
  waitingSince: 970,
  quietSince: 960,
  waiting: { messages: 2, keys: 1, own: 3 },
  proven: true,
  progressInWindow: true,
  invoked: true,
  troubleFrom: 1_010,
  attemptedAt: 1_020,
  relapsed: true,
  code: { version: 'v1', since: 800 },
  lastFailure: { text: '503', at: 983, codeVersion: 'v1' },
  lastRefusal: { text: 'AccessDenied', at: 984, codeVersion: 'v1' },
  lastRejection: { text: '400', at: 985, codeVersion: 'v1' },
  writes: ['w1', 'w2'],
  probeFailures: 1,
  failing: { since: 980, count: 3, keys: ['k1', 'k2'] },
  successes: 4,
  spill: true,
  dueEpoch: 7,
  announced: 6,
  lastCrash: {
    kind: 'throw',
    error: 'TypeError: no name',
    stack: 'TypeError: no name\n  at transform',
    codeVersion: 'v1',
    at: 990,
    messageId: 'm1',
    eventId: 'e1',
    key: 'k1',
  },
  history: [
    { epoch: 6, mode: 'degraded', at: 700, reason: '5 messages were redriven within 5 minutes' },
    { epoch: 7, mode: 'recovering', at: 1_000, reason: 'the pause is over' },
  ],
};
const NEEDED = { mode: 'degraded', held: false, epoch: 3, rev: 2 };

describe('parseMode', () => {
  it('is normal if nothing is stored', () => expect(parseMode(undefined)).toBe(NORMAL));

  it('reads what was written, without the keys of the table', () => {
    expect(parseMode({ pk: 'MODE#router', sk: 'MODE', ...FULL })).toEqual(FULL);
    expect(parseMode({ ...NORMAL, rev: 1 })).toEqual({ ...NORMAL, rev: 1 });
  });

  it('keeps additional fields of a newer version, at any depth', () => {
    const newer = { ...FULL, ofTomorrow: { a: 1 }, failing: { ...FULL.failing, worst: 3 } };
    expect(parseMode({ pk: 'MODE#crm', sk: 'MODE', ...newer })).toEqual(newer);
  });

  it('reads its own format, and takes it off', () => {
    expect(parseMode({ pk: 'MODE#crm', sk: 'MODE', ...toModeItem(FULL) })).toEqual(FULL);
    expect(toModeItem(FULL)).toMatchObject({ v: 1 });
  });

  it('forwards nothing by the format of a later version, and keeps its hold and its epoch', () => {
    expect(parseMode({ ...NEEDED, mode: 'normal', held: true, v: 2 })).toEqual({
      ...UNREADABLE,
      newer: 2,
      held: true,
      epoch: 3,
      announced: 3,
      reason: expect.stringContaining(
        "a later version of Sluice wrote the stage's mode (format 2",
      ) as unknown,
    });
  });

  it('reads a record of an earlier version, also in the middle of a recovery', () => {
    const old = {
      ...NEEDED,
      mode: 'recovering',
      successes: 4,
      redrives: [{ id: 'm1', at: 990 }],
      probeFailures: 0,
      failing: { since: 980, count: 3, keys: ['k1', 'k2'] },
    };
    expect(parseMode(old)).toEqual({ ...NORMAL, ...old });
    expect(parseMode(old)).toMatchObject({ proven: false, relapsed: false, deaths: [], shares: [] });
  });

  it('gives fields that the writing version did not have their initial value', () =>
    expect(parseMode(NEEDED)).toEqual({ ...NORMAL, ...NEEDED }));

  it.each([[null], ['normal'], [7], [[]], [{}], [{ mode: 'normal' }]])('cannot read %j', (item) =>
    expect(parseMode(item)).toEqual(UNREADABLE),
  );

  it.each(Object.keys(FULL))('cannot read an item whose %s has the wrong type', (field) => {
    const mode = parseMode({ ...FULL, [field]: { wrong: true } });
    expect(mode).toMatchObject({ mode: 'degraded', rev: -1, reason: 'the stored mode cannot be read' });
  });

  it.each([
    ['mode', 'NORMAL'],
    ['mode', 'maintenance'],
    ['held', 'true'],
    ['epoch', -1],
    ['epoch', 1.5],
    ['rev', 0],
    ['rev', undefined],
    ['since', Infinity],
    ['since', NaN],
    ['redrives', [{ id: 'm1' }]],
    ['history', [{ epoch: 1, mode: 'degraded', at: 1 }]],
    ['lastCrash', { kind: 'throw', error: 'e', codeVersion: 'v1' }],
  ])('cannot read an item whose %s is %j', (field, value) =>
    expect(parseMode({ ...FULL, [field]: value }).rev).toBe(UNREADABLE.rev),
  );

  it('keeps the hold and the epoch of an item that it cannot read, and publishes nothing about it', () => {
    expect(parseMode({ mode: 'standby', held: true, epoch: 4 })).toEqual({
      ...UNREADABLE,
      held: true,
      epoch: 4,
      announced: 4,
    });
    expect(parseMode({ mode: 'normal', held: 'yes', epoch: 'four', rev: 2 })).toEqual(UNREADABLE);
  });
});
