/** How long a failed message waits for its next try. */
import type { Random } from './ports.ts';

export interface BackoffLimits {
  /** Milliseconds. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** What a refusal puts a batch off by, for each time that it was received. Default: a minute. */
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

/**
 * How long a batch is put off by a stage that refuses it (shut, or AWS is down). It grows with the receive count, so
 * that SQS's own redrive after 1,000 receives stays out of reach: a thousand refusals take three weeks.
 * @returns seconds, at most 1,800
 */
export const refusalDelay = (
  receiveCount: number,
  limits: Pick<BackoffLimits, 'refusalDelay'> = {},
): number => Math.min(1_800, toSeconds(limits.refusalDelay ?? 60_000) * receiveCount);
