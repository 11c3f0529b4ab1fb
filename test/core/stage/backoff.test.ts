import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoff, refusalDelay, toSeconds } from '../../../lambdas/core/stage/backoff.ts';

const limits = { minBackoff: 1_000, maxBackoff: 300_000 };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it.each([
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [5, 8_000, 16_000],
    [9, 128_000, 256_000],
    [10, 150_000, 300_000],
    [5_000, 150_000, 300_000],
  ])('after %i failures lies between %i and %i ms', (failures, least, most) => {
    expect(backoff(failures, limits, () => 0)).toBe(least);
    expect(backoff(failures, limits, () => 1)).toBe(most);
  });

  it('is as long as the other side asked for, if that is longer, up to the limit', () => {
    expect(backoff(1, limits, () => 0, 7_000)).toBe(7_000);
    expect(backoff(8, limits, () => 0, 7_000)).toBe(64_000);
    expect(backoff(1, limits, () => 0, Infinity)).toBe(300_000);
  });

  it('is half fixed and half random, and exceeds what the other side asked for only if that is short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), random, fc.nat(600_000), (failures, draw, retryAfter) => {
        const full = Math.min(limits.maxBackoff, limits.minBackoff * 2 ** (failures - 1));
        const own = backoff(failures, limits, () => draw);
        expect(own).toBe(Math.round(full / 2 + (draw * full) / 2));
        const asked = backoff(failures, limits, () => draw, retryAfter);
        expect(asked).toBe(Math.max(own, Math.min(retryAfter, limits.maxBackoff)));
      }),
    );
  });

  it('stays within its limits, and grows with the failures for the same random draw', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), random, fc.nat(), (failures, draw, retryAfter) => {
        const wait = backoff(failures, limits, () => draw, retryAfter);
        expect(wait).toBeGreaterThanOrEqual(limits.minBackoff / 2);
        expect(wait).toBeLessThanOrEqual(limits.maxBackoff);
        expect(backoff(failures + 1, limits, () => draw, retryAfter)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });
});

it('rounds seconds up, so that a wait is never too short', () => {
  expect([0, 1, 999, 1_000, 1_001].map(toSeconds)).toEqual([0, 1, 1, 1, 2]);
});

describe('the delay of a deferred batch', () => {
  it('grows by 10 seconds with each receive, up to two minutes', () => {
    expect([1, 2, 12, 13, 999].map((count) => refusalDelay(count))).toEqual([10, 20, 120, 120, 120]);
  });

  it('is the setting per receive, in whole seconds, up to two minutes or the setting, and never shrinks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 1e7 }), (count, asked) => {
        const delay = refusalDelay(count, { refusalDelay: asked });
        expect(Number.isInteger(delay)).toBe(true);
        const first = Math.ceil(asked / 1_000);
        expect(delay).toBe(Math.min(Math.max(120, first), first * count));
        expect(refusalDelay(count + 1, { refusalDelay: asked })).toBeGreaterThanOrEqual(delay);
      }),
    );
  });

  it("is long enough that an outage of a day does not reach SQS's own redrive at 1,000 receives", () => {
    expect(refusalDelay(3, { refusalDelay: 2_000 })).toBe(6);
    const seconds = Array.from({ length: 1_000 }, (_, i) => refusalDelay(i + 1)).reduce((a, b) => a + b);
    expect(seconds).toBeGreaterThan(24 * 3600);
  });
});
