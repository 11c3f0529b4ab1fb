/** `timing` and `degradedMode`: the lengths of time and the counts by which stages work. */
import * as v from 'valibot';
import { count, duration } from './values.ts';

export const timing = v.strictObject({
  /** Ingest answers 503 when SQS has not taken a request by then. Default: 15 seconds. */
  ingestDeadline: v.optional(duration('100ms', '25s'), '15 seconds'),
  /** The router's hard timeout. Default: 30 seconds. */
  routerTimeout: v.optional(duration('1s', '15m'), '30 seconds'),
  /** How long a message is hidden while the router has it; at least 6 times its timeout. Default: 180 seconds. */
  routerVisibility: v.optional(duration('6s', '12h'), '180 seconds'),
  /** A deliver function's hard timeout; at least twice `requestTimeout`. Default: 60 seconds. */
  deliverTimeout: v.optional(duration('1s', '15m'), '60 seconds'),
  /** As `routerVisibility`, for the destinations. Default: 360 seconds. */
  deliverVisibility: v.optional(duration('6s', '12h'), '360 seconds'),
  /** One request to a destination, from connecting to the answer's last byte. Default: 10 seconds. */
  requestTimeout: v.optional(duration('100ms', '5m'), '10 seconds'),
  /** The first retry's backoff; it doubles each time. Default: 1 second. */
  minBackoff: v.optional(duration('1s', '5m'), '1 second'),
  /** The longest backoff of a retry in place. Default: 5 minutes. */
  maxBackoff: v.optional(duration('1s', '15m'), '5 minutes'),
  /**
   * What a stage that is shut, or that cannot read its state, puts a batch off by, for each time that SQS has handed it
   * out; at most 30 minutes. Default: 1 minute.
   */
  refusalDelay: v.optional(duration('1s', '30m'), '1 minute'),
  /** An event answered 3xx, 401, 403, 404 or 410 for so long, while others succeed, is rejected. Default: 15 minutes. */
  closedDoorLimit: v.optional(duration('1s', '1d'), '15 minutes'),
});

export const degradedMode = v.strictObject({
  /** So many redrives within `window` degrade a stage. Default: 5. */
  redriveThreshold: v.optional(count(1, 100), 5),
  /** Default: 5 minutes. It is also how long a stage recovers at most before it is normal again. */
  window: v.optional(duration('1s', '1h'), '5 minutes'),
  /** A message that crashed its stage so often is redriven. Default: 3. */
  crashes: v.optional(count(1, 100), 3),
  /** How long a degraded stage waits before it tries again; doubled on each relapse. Default: 5 minutes. */
  pause: v.optional(duration('1s', '1d'), '5 minutes'),
  /** The longest pause. Default: 1 hour. */
  maxPause: v.optional(duration('1s', '1d'), '1 hour'),
  /** So many processed messages end a recovery early. Default: 20. */
  recoverAfter: v.optional(count(1, 10_000), 20),
  /** A destination's breaker: so many retryable failures, of at least two users ... Default: 20. */
  breakerFailures: v.optional(count(1, 10_000), 20),
  /** ... without a success for so long degrade it. Default: 2 minutes. */
  breakerTime: v.optional(duration('1s', '1h'), '2 minutes'),
  /** A user whose oldest message has failed for so long, while others succeed, is parked. Default: 15 minutes. */
  parkAfter: v.optional(duration('1s', '1d'), '15 minutes'),
  /** What has waited in SQS for so long is moved to the parking table, since SQS deletes at 14 days. Default: 7 days. */
  spillAfter: v.optional(duration('1s', '10d'), '7 days'),
  /** How many workers of a stage put parked messages back. Default: 10. */
  drainConcurrency: v.optional(count(1, 10), 10),
  /** The longest backoff of a parked user. Default: 1 hour. */
  maxDrainBackoff: v.optional(duration('1s', '1d'), '1 hour'),
});
