/**
 * A token bucket of events. A request is taken while the bucket holds any token, and takes one for each of its events, also more than
 * there are: a request that is larger than `burst` passes too, and those after it wait for the debt.
 */
import type { RateLimitSettings } from '../../../contract/settings.ts';

export interface Bucket {
  /** Below zero: the debt. */
  readonly tokens: number;
  /** When that was; milliseconds since 1970. */
  readonly at: number;
}

export const fullBucket = ({ burst }: RateLimitSettings, now: number): Bucket => ({ tokens: burst, at: now });

/** A clock that was set back adds nothing. */
const refilled = (bucket: Bucket, { eventsPerSecond, burst }: RateLimitSettings, now: number): Bucket => {
  const gained = (Math.max(0, now - bucket.at) / 1000) * eventsPerSecond;
  return { tokens: Math.min(burst, bucket.tokens + gained), at: now };
};

/** Fractions of tokens are added up: a whole one may come out a little short. */
const ONE_TOKEN = 1 - 1e-6;

/** @returns milliseconds until the next request is taken; 0: now */
export const waitFor = (bucket: Bucket, limit: RateLimitSettings, now: number): number => {
  const { tokens } = refilled(bucket, limit, now);
  return tokens >= ONE_TOKEN ? 0 : Math.ceil(((1 - tokens) / limit.eventsPerSecond) * 1000);
};

export const take = (bucket: Bucket, limit: RateLimitSettings, events: number, now: number): Bucket => {
  const { tokens, at } = refilled(bucket, limit, now);
  return { tokens: tokens - events, at };
};
