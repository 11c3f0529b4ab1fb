/** The ledger, whatever it contained before. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  afterFailure,
  charge,
  isFurther,
  uncharged,
  withProgress,
} from '../../../lambdas/core/stage/attempt-ledger.ts';
import type { Attempt, Progress } from '../../../lambdas/core/stage/ports.ts';

/** Names of outputs have a fixed length. */
const progress: fc.Arbitrary<Progress> = fc.record(
  {
    events: fc.nat(3),
    done: fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 }).map((names) => names.join('')),
  },
  { requiredKeys: ['events'] },
);
const outputsOf = ({ done = '' }: Progress): number => done.length;
const stamp = fc.constantFrom('0:v1', '1:v1', '1:v2');
const crash = fc.record({
  kind: fc.constantFrom('throw' as const, 'load' as const),
  error: fc.string(),
  codeVersion: fc.constantFrom('v1', 'v2'),
  at: fc.nat(),
});
const attempt: fc.Arbitrary<Attempt> = fc.record(
  {
    failures: fc.nat(20),
    firstFailedAt: fc.nat(1_000),
    lastError: fc.string(),
    progress,
    charges: fc.integer({ min: 1, max: 5 }),
    stamp,
    crash,
  },
  { requiredKeys: ['failures'] },
);
// Half of the time there is none.
const known = fc.option(attempt, { nil: undefined, freq: 2 });
const perhaps = fc.option(progress, { nil: undefined, freq: 2 });
const account = ({ charges, stamp: under, crash: last }: Partial<Attempt>) => ({
  charges,
  stamp: under,
  crash: last,
});

test('no progress is further than itself, and of two at most one is further', () => {
  fc.assert(
    fc.property(progress, perhaps, (one, other) => {
      expect(isFurther(one, { ...one })).toBe(false);
      expect(isFurther(one, other) && isFurther(other, one)).toBe(false);
      expect(isFurther(undefined, one)).toBe(false);
    }),
  );
});

test('of two one is further, unless they have finished as many events and outputs', () => {
  fc.assert(
    fc.property(progress, progress, (one, other) => {
      const isSame = one.events === other.events && outputsOf(one) === outputsOf(other);
      expect(isFurther(one, other) || isFurther(other, one)).toBe(!isSame);
    }),
  );
});

test('without earlier progress, the first event or output is further', () => {
  fc.assert(
    fc.property(progress, (one) => {
      expect(isFurther(one, undefined)).toBe(one.events + outputsOf(one) > 0);
    }),
  );
});

test('a failure increments the count, and keeps the clock, if and only if the message made no progress', () => {
  fc.assert(
    fc.property(known, perhaps, fc.nat(), (before, now, at) => {
      const after = afterFailure(before, { reason: 'r', progress: now }, { now: at, lastProgress: 0 });
      const isSame = !isFurther(now, before?.progress);
      expect(after.failures).toBe((isSame ? (before?.failures ?? 0) : 0) + 1);
      expect(after.firstFailedAt).toBe(isSame ? (before?.firstFailedAt ?? at) : at);
      expect(after).toMatchObject({ lastError: 'r' });
      expect(after.progress).toEqual(now ?? before?.progress);
      expect(account(after)).toEqual(account(before ?? {}));
    }),
  );
});

test('progress is kept, with the crash account; failures only of the event at which the message stands', () => {
  fc.assert(
    fc.property(known, progress, (before, now) => {
      const after = withProgress(before, now);
      expect(after.progress).toEqual(now);
      expect(account(after)).toEqual(account(before ?? {}));
      const isSame = before !== undefined && !isFurther(now, before.progress);
      expect(after.failures).toBe(isSame ? before.failures : 0);
      expect(after.firstFailedAt).toBe(isSame ? before.firstFailedAt : undefined);
    }),
  );
});

test('an attempt is charged once, under its stamp; taking a charge back undoes it completely', () => {
  fc.assert(
    fc.property(known, stamp, (before, under) => {
      const charged = charge(before, under, 7);
      const earlier = before?.stamp === under ? (before.charges ?? 0) : 0;
      expect(charged).toEqual({ failures: 0, ...before, charges: earlier + 1, stamp: under, begunAt: 7 });
      expect(charge(charged, under, 8).charges).toBe(earlier + 2);
      expect(uncharged(before, undefined)).toEqual(before ?? { failures: 0 });
    }),
  );
});

test('no field is undefined: the store could not keep it', () => {
  fc.assert(
    fc.property(known, perhaps, (before, now) => {
      const made = [
        afterFailure(before, { reason: 'r', progress: now }, { now: 1, lastProgress: 0 }),
        uncharged(before, now),
        ...(now === undefined ? [] : [withProgress(before, now)]),
      ];
      for (const one of made) expect(Object.values(one)).not.toContain(undefined);
    }),
  );
});
