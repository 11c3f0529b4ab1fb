/** The sources' rate limits in one process of ingest. Each process counts what it takes itself: to ask a store would make accepting depend on it. */
import type { SourceSettings } from '../../contract/settings.ts';
import { fullBucket, take, waitFor, type Bucket } from '../core/ingest/rate-limit.ts';

export interface RateLimits {
  /** @returns milliseconds until the source may send again; 0: now, or it has no limit */
  wait(source: SourceSettings, now: number): number;
  /** Counts a request of the source. */
  count(source: SourceSettings, events: number, now: number): void;
}

export const rateLimits = (): RateLimits => {
  const buckets = new Map<string, Bucket>();
  return {
    wait: ({ id, rateLimit }, now) => {
      const bucket = buckets.get(id);
      return rateLimit === undefined || bucket === undefined ? 0 : waitFor(bucket, rateLimit, now);
    },
    count: ({ id, rateLimit }, events, now) => {
      if (rateLimit === undefined) return;
      buckets.set(id, take(buckets.get(id) ?? fullBucket(rateLimit, now), rateLimit, events, now));
    },
  };
};
