/**
 * The pipeline's configuration: what a person writes in `sluice.config.ts`, or passes to the `EventPipeline`
 * construct. It is validated when the app is synthesized; each mistake is one line with the path of the wrong key.
 */
import * as v from 'valibot';
import { count, duration, got, httpUrl, id, parseUrl, secret, text } from './values.ts';

/**
 * The largest number of destinations: a stack holds 500 resources, of which each takes a dozen; and the names of their
 * queues travel in the router's environment, of 4 KB.
 */
export const MAX_DESTINATIONS = 30;

/** The largest number of addresses, and of URLs, that alarms are sent to: a list or a relay reaches more. */
export const MAX_SUBSCRIBERS = 5;

const writeKey = v.pipe(
  v.string('expected a write key, a string'),
  v.regex(
    /^[\x21-\x39\x3b-\x7e]{1,256}$/,
    'is not a write key; use 1 to 256 visible ASCII characters without a colon',
  ),
);

const source = v.pipe(
  v.strictObject({
    /** Names the source in metrics and in the order key. Renaming it starts a new order. */
    id: id('source'),
    /** The key that SDKs send as the user name of basic auth. */
    writeKey: v.optional(writeKey),
    /** Several keys at once, for rotation. */
    writeKeys: v.optional(v.pipe(v.array(writeKey), v.nonEmpty('is empty; name at least one write key'))),
    /** A source that is switched off answers 404, which tells SDKs to stop. Default: true. */
    enabled: v.optional(v.boolean('expected true or false'), true),
  }),
  v.check(
    (value) => (value.writeKey === undefined) !== (value.writeKeys === undefined),
    'set exactly one of writeKey and writeKeys',
  ),
  v.transform(({ id, writeKey, writeKeys, enabled }) => ({
    id,
    enabled,
    writeKeys: writeKeys ?? (writeKey === undefined ? [] : [writeKey]),
  })),
);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by Sluice itself on every request; a configured header of the same name would be in doubt. */
const OWN_HEADERS = new Set([
  'content-length',
  'content-type',
  'host',
  'connection',
  'transfer-encoding',
  'user-agent',
  'idempotency-key',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]);

const headers = v.record(
  v.pipe(
    v.string(),
    v.regex(HEADER_NAME, got('is not a header name')),
    v.check((name) => !OWN_HEADERS.has(name.toLowerCase()), got('is set by Sluice itself; remove it')),
  ),
  v.union(
    [v.pipe(v.string(), v.regex(HEADER_VALUE, 'has characters that a header cannot hold')), secret],
    'expected a header value: a string, or { secretName: "..." }',
  ),
);

const url = httpUrl('https://example.com/hook', 'put them in headers.authorization as { secretName: "..." }');

const destination = v.strictObject({
  /** Names the destination's stage: its queue, its function, its mode. */
  id: v.pipe(
    id('destination'),
    v.notValues(['router', 'ingest'], got('is the name of a part of the pipeline itself; use another id')),
  ),
  type: v.literal('webhook', got('is not a destination type; use "webhook"')),
  /** Where events are sent by POST. Redirects are not followed. */
  url,
  /** Further request headers. A secret is named, never written. */
  headers: v.optional(headers, {}),
  /** Ids of the sources it takes. Default: all. */
  sources: v.optional(v.pipe(v.array(v.string()), v.nonEmpty('is empty; leave it out to take all sources'))),
  /** A module whose default export is `transform(event)`, for this destination alone. Relative to the config file. */
  transform: v.optional(text('the path of a transform')),
  /** Up to this many events of one user in one request, as a JSON array. Default: 1, a JSON object. */
  batch: v.optional(count(1, 1000), 1),
  /** How many of its deliver functions run at once; Lambda's range. Default: 10. */
  maxConcurrency: v.optional(count(2, 1000), 10),
  /** Sign requests as Standard Webhooks, with a `whsec_...` secret. Default: unsigned. */
  signingSecret: v.optional(secret),
  /** Hosts in private or link-local networks are refused unless this is set. Default: false. */
  allowPrivateNetwork: v.optional(v.boolean('expected true or false'), false),
  /** `false`: takes no new events, and goes on delivering those it has. Default: true. */
  enabled: v.optional(v.boolean('expected true or false'), true),
});

const timing = v.strictObject({
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

const degradedMode = v.strictObject({
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

/** Their URLs are keys: whoever knows one can page. */
const PAGER_HOST = /(^|\.)(pagerduty|victorops)\.com$/i;

const alertUrl = v.union(
  [
    v.pipe(
      httpUrl('https://example.com/alerts', 'put the whole URL in a secret: { secretName: "..." }'),
      // The URL is not repeated in the message.
      v.check(
        (value) => !PAGER_HOST.test(parseUrl(value)?.hostname ?? ''),
        'has a key in it; put the whole URL in a secret, and name that as alerts.pagerDuty or alerts.victorOps',
      ),
    ),
    secret,
  ],
  'expected a URL, or { secretName: "..." }',
);

const subscribers = `has more than ${MAX_SUBSCRIBERS}; use a mailing list, or a program that passes them on`;

/** The pagers' secrets hold the whole URL that the provider gives for CloudWatch, key included. */
const alerts = v.strictObject({
  /** PagerDuty's CloudWatch integration: https://events.pagerduty.com/integration/<key>/enqueue */
  pagerDuty: v.optional(secret),
  /** Splunk On-Call's: https://alert.victorops.com/integrations/cloudwatch/20131130/alert/<key>/<routing key> */
  victorOps: v.optional(secret),
  /** Addresses that get a mail; each must confirm the subscription that AWS sends. */
  emails: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string('expected an address, a string'), v.email(got('is not an e-mail address'))),
        'expected a list of addresses',
      ),
      v.maxLength(MAX_SUBSCRIBERS, subscribers),
    ),
    [],
  ),
  /** Whoever takes Amazon SNS's notifications over HTTP. A secret holds the whole URL, which must be https. */
  urls: v.optional(
    v.pipe(v.array(alertUrl, 'expected a list of URLs'), v.maxLength(MAX_SUBSCRIBERS, subscribers)),
    [],
  ),
});

const ingest = v.strictObject({
  /** Lambda concurrency kept for ingest, so that no other function of the account can starve it. Default: none. */
  reservedConcurrency: v.optional(count(1, 10_000)),
  /** API Gateway's throttle, requests per second. Default: 1,000. */
  rateLimit: v.optional(count(1, 100_000), 1_000),
  /** API Gateway's throttle, requests at once. Default: 2,000. */
  burstLimit: v.optional(count(1, 100_000), 2_000),
});

const router = v.strictObject({
  /** How many routers run at once; Lambda's range. Default: 50. */
  maxConcurrency: v.optional(count(2, 1000), 50),
});

const deduplication = v.strictObject({
  /**
   * A user's event with the `messageId` of one that was accepted so long before, at most, is dropped in the router. Default:
   * 1 hour, as RudderStack's.
   */
  window: v.optional(duration('1m', '7d'), '1 hour'),
  /** How many ids of a user are remembered: the newest. Default: 200. */
  maxIds: v.optional(count(1, 2_000), 200),
});

export const pipelineSchema = v.strictObject({
  sources: v.pipe(
    v.array(source, 'expected a list of sources'),
    v.nonEmpty('is empty; name at least one source'),
  ),
  destinations: v.pipe(
    v.array(destination, 'expected a list of destinations'),
    v.maxLength(MAX_DESTINATIONS, `has more than ${MAX_DESTINATIONS}; deploy a second pipeline for the rest`),
  ),
  /** A module whose default export is `transform(event)`, run for every event. Relative to the config file. */
  transform: v.optional(text('the path of a transform')),
  timing: v.optional(timing, {}),
  degradedMode: v.optional(degradedMode, {}),
  alerts: v.optional(alerts, {}),
  ingest: v.optional(ingest, {}),
  router: v.optional(router, {}),
  /** Drops repetitions beyond SQS's five minutes. Off when it is left out; `{}` has the defaults. */
  deduplication: v.optional(deduplication),
});

/** What a person writes. Everything that has a default may be left out. */
export type PipelineConfig = v.InferInput<typeof pipelineSchema>;
/** What the code reads: every default filled in, lengths of time in milliseconds. */
export type ResolvedConfig = v.InferOutput<typeof pipelineSchema>;
export type ResolvedSource = ResolvedConfig['sources'][number];
export type ResolvedDestination = ResolvedConfig['destinations'][number];
export type ResolvedTiming = ResolvedConfig['timing'];
export type ResolvedDegradedMode = ResolvedConfig['degradedMode'];
export type ResolvedDeduplication = NonNullable<ResolvedConfig['deduplication']>;
export type ResolvedAlerts = ResolvedConfig['alerts'];
