/** `timing` and `degradedMode`: the lengths of time and the counts by which stages work. */
import * as v from 'valibot';
import { count, duration, share } from './values.ts';

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
   * The delay with which a stage that is blocked, or cannot read its state, returns a batch, for each time that SQS has handed it
   * out; at most 2 minutes, or this if it is longer. Default: 10 seconds.
   */
  refusalDelay: v.optional(duration('1s', '30m'), '10 seconds'),
  /** Deprecated: the name of `degradedMode.parkAfter` in earlier versions. Accepted with a warning, and not together with it. */
  closedDoorLimit: v.optional(duration('1s', '1d')),
});

export const DEFAULT_PARK_AFTER = 15 * 60_000;

/** Each says which outage or attack it is for; `docs/mode-machine.md` has the rules. */
export const degradedMode = v.strictObject({
  /** This many redrives within `window` degrade a stage: for code that crashes on every user's events. Default: 5. */
  redriveThreshold: v.optional(count(1, 100), 5),
  /**
   * ... unless they are a smaller share of what was processed in the meantime, 0 to 1; 0 switches this off. For poison that is made by
   * hand: anyone who has the public write key could otherwise stop a busy pipeline with five events. Default: 0.05.
   */
  redriveShare: v.optional(share(), 0.05),
  /** Over how long redrives and deaths are counted; also the least time without trouble that ends a recovery. Default: 5 minutes. */
  window: v.optional(duration('1s', '1h'), '5 minutes'),
  /** A message that crashed its stage this often is redriven: for one user's events that code cannot handle. Default: 3. */
  crashes: v.optional(count(1, 100), 3),
  /** How long a degraded stage waits before it tries again; doubled on each relapse: for outages that last. Default: 5 minutes. */
  pause: v.optional(duration('1s', '1d'), '5 minutes'),
  /** The longest pause. Default: 1 hour. */
  maxPause: v.optional(duration('1s', '1d'), '1 hour'),
  /** This many messages that got through end a recovery early: for a backlog after a fix. Default: 20. */
  recoverAfter: v.optional(count(1, 10_000), 20),
  /** The breaker, for a destination that is down: this many failures, of at least two users ... Default: 20. */
  breakerFailures: v.optional(count(1, 10_000), 20),
  /** ... over at least this long, while nothing gets through, degrade the stage. Default: 2 minutes. */
  breakerTime: v.optional(duration('1s', '1h'), '2 minutes'),
  /**
   * Work waits, and nothing got through for this long: the stage is degraded. For what no other number sees: a function that is never
   * invoked, a destination that is down with few users, a permission that is missing, one that rejects everything. Longer than
   * `timing.maxBackoff`, at least `window`, and at least two of control's runs. Default: 10 minutes.
   */
  stallAfter: v.optional(duration('1s', '1d'), '10 minutes'),
  /**
   * A user whose oldest message failed this often, while others got through each time in between, is in trouble of its own, and says
   * nothing about the stage: for one user whose events are always refused, amid healthy traffic. Default: 3.
   */
  ownAfter: v.optional(count(1, 100), 3),
  /** ... and is parked, or its persistently refused event is given up, once it has failed for this long. Default: 15 minutes. */
  parkAfter: v.optional(duration('1s', '1d')),
  /** What has waited in SQS for this long is moved to the parking table, since SQS deletes at 14 days. Default: 7 days. */
  spillAfter: v.optional(duration('1s', '10d'), '7 days'),
  /**
   * From this many messages of a stage's queue on, a user with a large backlog of their own is moved to the parking table: SQS looks for
   * users in the first 120,000 messages only. For one sender with more events than can be processed one by one. Default: 60,000.
   */
  spillBacklog: v.optional(count(1_000, 110_000), 60_000),
  /** How many workers of a stage put parked messages back. Default: the stage's `maxConcurrency`. */
  drainConcurrency: v.exactOptional(count(1, 1_000)),
  /** The longest backoff of a parked user. Default: 1 hour. */
  maxDrainBackoff: v.optional(duration('1s', '1d'), '1 hour'),
});
