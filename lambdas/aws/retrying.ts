/**
 * A call that is tried once more when it fails in a way that passes: as the SDK's standard retry mode does, with its names, pauses and
 * quota, and as often as our SDK clients try (`clients.ts`). `test/aws/retrying.test.ts` compares the names with the SDK's.
 */
import type { Random } from '../core/base/clock.ts';
import type { Answered, Call } from './direct-call.ts';

const THROTTLED: ReadonlySet<string> = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const TRANSIENT: ReadonlySet<string> = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException']);
/** Of Node: the connection ended, or the service was not reached. */
const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const FAILED_INSIDE: ReadonlySet<number> = new Set([500, 502, 503, 504]);

type Failure = 'throttled' | 'transient' | undefined;
type Failed = Partial<Answered> & { readonly name?: string; readonly code?: string };

/** @returns undefined when it would fail again */
export const failureOf = (error: unknown): Failure => {
  const { name = '', code = '', status = 0, isClockCorrected } = (error ?? {}) as Failed;
  if (name === 'AbortError') return undefined;
  if (status === 429 || THROTTLED.has(name)) return 'throttled';
  const isTransient =
    isClockCorrected === true || TRANSIENT.has(name) || UNREACHED.has(code) || FAILED_INSIDE.has(status);
  return isTransient ? 'transient' : undefined;
};

/** The longest pause before the second try, in milliseconds. The SDK's is a second after a throttle, which `CALL_MARGIN` has no room for. */
const PAUSE = { throttled: 500, transient: 50 };

/** What a second try takes of the quota, which it gets back when it succeeds. While a service is down it is soon used up. */
const COST = { throttled: 5, transient: 14 };
const QUOTA = 500;

export interface RetryDeps {
  readonly random: Random;
  /** @param milliseconds */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export const retrying = (call: Call, { random, sleep }: RetryDeps): Call => {
  let quota = QUOTA;
  const give = (tokens: number): void => {
    quota = Math.min(QUOTA, quota + tokens);
  };
  return async (operation, input, signal) => {
    try {
      const result = await call(operation, input, signal);
      give(1);
      return result;
    } catch (error) {
      const failure = failureOf(error);
      if (failure === undefined || quota < COST[failure] || signal?.aborted === true) throw error;
      quota -= COST[failure];
      await sleep(Math.floor(random() * PAUSE[failure]));
      const result = await call(operation, input, signal);
      give(COST[failure]);
      return result;
    }
  };
};
