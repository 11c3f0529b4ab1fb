/** How long a failed message waits for its next try. */
import type { Random } from '../base/clock.ts';

export interface BackoffLimits {
  /** Milliseconds. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** What a refusal puts a batch off by, for each time that it was received. Default: 10 seconds. */
  readonly refusalDelay?: number;
}

/**
 * Exponential with jitter: half of the delay is fixed, so that it never shrinks to nothing, half is random, so that
 * many users' retries spread out. What the other side asked for by `Retry-After` counts when it is longer.
 * @param failures failed tries in a row, this one included; at least 1
 * @returns milliseconds, at most `maxBackoff`
 */
export const backoff = (
  failures: number,
  { minBackoff, maxBackoff }: BackoffLimits,
  random: Random,
  retryAfter = 0,
): number => {
  const full = Math.min(maxBackoff, minBackoff * 2 ** (failures - 1));
  return Math.round(Math.min(maxBackoff, Math.max(retryAfter, full / 2 + random() * (full / 2))));
};

/** Seconds, rounded up: what SQS counts visibility in. */
export const toSeconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/** Seconds. A stage that is open again, or is tried, must not wait for long for what it refused. */
const LONGEST_REFUSAL = 120;

/**
 * How long a stage defers a batch (it is blocked, or AWS is down). Control switches the mapping of a blocked stage off within a
 * minute, so a message is refused a few times at most, and is visible again within seconds when the stage opens. Where the
 * mapping cannot be switched off, the delay grows: 500 receives, at which a message is parked, are sixteen hours of nothing else.
 * @returns seconds, at most two minutes, or as long as the configuration says
 */
export const refusalDelay = (
  receiveCount: number,
  limits: Pick<BackoffLimits, 'refusalDelay'> = {},
): number => {
  const first = toSeconds(limits.refusalDelay ?? 10_000);
  return Math.min(Math.max(first, LONGEST_REFUSAL), first * receiveCount);
};
