import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fullBucket, take, waitFor } from '../../../lambdas/core/ingest/rate-limit.ts';

const LIMIT = { eventsPerSecond: 10, burst: 50 };

describe('a rate limit', () => {
  it('lets a burst in, and then as much as its rate', () => {
    let bucket = fullBucket(LIMIT, 0);
    for (let i = 0; i < 50; i += 1) {
      expect(waitFor(bucket, LIMIT, 0)).toBe(0);
      bucket = take(bucket, LIMIT, 1, 0);
    }
    expect(waitFor(bucket, LIMIT, 0)).toBe(100);
    expect(waitFor(bucket, LIMIT, 99)).toBeGreaterThan(0);
    expect(waitFor(bucket, LIMIT, 100)).toBe(0);
  });

  it('takes a request of more events than the burst, and those after it pay', () => {
    const bucket = take(fullBucket(LIMIT, 0), LIMIT, 20_000, 0);
    expect(waitFor(bucket, LIMIT, 0)).toBe(((20_000 - 50 + 1) / 10) * 1000);
  });

  it('keeps at most the burst over a pause', () => {
    const bucket = take(fullBucket(LIMIT, 0), LIMIT, 50, 3_600_000);
    expect(waitFor(bucket, LIMIT, 3_600_000)).toBe(100);
  });

  it('gives nothing for a clock that is set back, and counts from there', () => {
    const bucket = take(fullBucket(LIMIT, 10_000), LIMIT, 50, 10_000);
    expect(waitFor(bucket, LIMIT, 0)).toBe(100);
    expect(waitFor(take(bucket, LIMIT, 0, 0), LIMIT, 100)).toBe(0);
  });

  it('over any time takes at most the burst, the rate times the time, and the last request', () => {
    fc.assert(
      fc.property(
        fc.record({
          eventsPerSecond: fc.integer({ min: 1, max: 1_000 }),
          burst: fc.integer({ min: 1, max: 5_000 }),
        }),
        fc.array(fc.record({ after: fc.nat({ max: 3_000 }), events: fc.integer({ min: 1, max: 300 }) }), {
          minLength: 1,
        }),
        (limit, requests) => {
          let bucket = fullBucket(limit, 0);
          let [now, taken, last] = [0, 0, 0];
          for (const { after, events } of requests) {
            now += after;
            if (waitFor(bucket, limit, now) > 0) continue;
            bucket = take(bucket, limit, events, now);
            taken += events;
            last = events;
          }
          expect(taken).toBeLessThanOrEqual(limit.burst + (limit.eventsPerSecond * now) / 1000 + last);
          // A client that waits as long as it is asked to is taken.
          const wait = waitFor(bucket, limit, now);
          expect(waitFor(bucket, limit, now + wait)).toBe(0);
        },
      ),
    );
  });
});
