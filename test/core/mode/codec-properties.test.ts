/** Any stored record, written by any version of the code. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isBlocked, isUnreadable, type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { ModeName } from '../../../contract/modes.ts';
import { parseMode } from '../../../lambdas/core/mode/codec.ts';

const count = fc.nat();
const time = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const modeName = fc.constantFrom<ModeName[]>('normal', 'degraded', 'recovering');
const crash = fc.record(
  {
    kind: fc.constantFrom('throw' as const, 'death' as const, 'load' as const, 'dead letter' as const),
    error: fc.string(),
    stack: fc.string(),
    codeVersion: fc.string(),
    at: time,
    messageId: fc.string(),
    key: fc.string(),
  },
  { requiredKeys: ['kind', 'error', 'codeVersion', 'at'] },
);
const NEEDED = ['mode', 'held', 'epoch', 'rev'] as const;
const failure = fc.record({ text: fc.string(), at: time, codeVersion: fc.string() });
const named = fc.array(fc.record({ id: fc.string(), at: time }), { maxLength: 5 });
const optional = {
  troubledSince: time,
  forwardingSince: time,
  holdReason: fc.string(),
  frozenAt: time,
  releasedAt: time,
  belowShareAt: time,
  probeFailedAt: time,
  failing: fc.record({ since: time, count, keys: fc.array(fc.string(), { maxLength: 2 }) }),
  rejecting: fc.record({ since: time, count }),
  doubtAt: time,
  waitingSince: time,
  quietSince: time,
  waiting: fc.record({ messages: count, keys: count, own: count }),
  progressInWindow: fc.constant(true as const),
  invoked: fc.constant(true as const),
  troubleFrom: time,
  attemptedAt: time,
  code: fc.record({ version: fc.string(), since: time }),
  lastFailure: failure,
  lastRefusal: failure,
  lastRejection: failure,
  lastCrash: crash,
  writes: fc.array(fc.string(), { maxLength: 4 }),
};
const OPTIONAL = Object.keys(optional) as (keyof typeof optional)[];
const record: fc.Arbitrary<ModeRecord> = fc.record(
  {
    mode: modeName,
    held: fc.boolean(),
    epoch: count,
    rev: fc.integer({ min: 1 }),
    since: time,
    reason: fc.string(),
    codeVersion: fc.string(),
    pause: time,
    pauseUntil: time,
    windowFrom: time,
    redrives: named,
    shares: fc.array(fc.record({ minute: count, redriven: count, processed: count }), { maxLength: 5 }),
    deaths: named,
    probeFailures: count,
    proven: fc.boolean(),
    successes: count,
    relapsed: fc.boolean(),
    spill: fc.boolean(),
    dueEpoch: count,
    announced: count,
    history: fc.array(fc.record({ epoch: count, mode: modeName, at: time, reason: fc.string() }), {
      maxLength: 5,
    }),
    ...optional,
  },
  {
    requiredKeys: [
      ...NEEDED,
      ...(Object.keys(NORMAL) as Exclude<keyof ModeRecord, keyof typeof optional | 'newer'>[]),
    ],
  },
);
const fields = [...Object.keys(NORMAL), ...OPTIONAL];

test('a written record reads back the same, with the fields that a later version added', () => {
  fc.assert(
    fc.property(record, fc.jsonValue(), (written, more) => {
      const stored: unknown = JSON.parse(
        JSON.stringify({ ...written, pk: 'MODE#crm', sk: 'MODE', ofALaterVersion: more }),
      );
      const later: unknown = JSON.parse(JSON.stringify(more));
      expect(parseMode(stored)).toEqual({ ...written, ofALaterVersion: later });
    }),
  );
});

test('a field that an earlier version did not have gets its initial value', () => {
  const left = fc.subarray(fields.filter((field) => !(NEEDED as readonly string[]).includes(field)));
  fc.assert(
    fc.property(record, left, (written, absent) => {
      const without = <T extends object>(value: T): Partial<T> =>
        Object.fromEntries(Object.entries(value).filter(([name]) => !absent.includes(name))) as Partial<T>;
      const initial = Object.fromEntries(Object.entries(NORMAL).filter(([name]) => absent.includes(name)));
      expect(parseMode(without(written))).toEqual({ ...initial, ...without(written) });
    }),
  );
});

test('a record without a field that decides on forwarding blocks the stage', () => {
  fc.assert(
    fc.property(record, fc.subarray([...NEEDED], { minLength: 1 }), (written, absent) => {
      const stored = Object.fromEntries(
        Object.entries(written).filter(([name]) => !absent.includes(name as never)),
      );
      const read = parseMode(stored);
      expect(isBlocked([read])).toBe(true);
      expect(isUnreadable(read)).toBe(true);
      expect(read.held).toBe(stored['held'] ?? false);
      expect([read.epoch, read.announced]).toEqual([stored['epoch'] ?? 0, stored['epoch'] ?? 0]);
    }),
  );
});

test('a field with any value, or any JSON at all, is read unchanged or blocks the stage', () => {
  fc.assert(
    fc.property(record, fc.constantFrom(...fields), fc.jsonValue(), (written, field, value) => {
      const stored = { ...written, [field]: value };
      const read = parseMode(stored);
      if (isUnreadable(read)) expect(isBlocked([read])).toBe(true);
      else expect(read).toEqual(stored);
      expect(isUnreadable(parseMode(value))).toBe(true);
    }),
  );
});
