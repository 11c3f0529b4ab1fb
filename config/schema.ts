/**
 * The pipeline's configuration: what a person writes in `sluice.config.ts`, or passes to the `EventPipeline`
 * construct. It is validated when the app is synthesized; each mistake is one line with the path of the wrong key.
 */
import * as v from 'valibot';
import { alerts } from './alerts-schema.ts';
import { degradedMode, timing } from './timing-schema.ts';
import { transform, withTimeout, type ResolvedTransform } from './transform-schema.ts';
import { count, duration, got, httpUrl, id, secret } from './values.ts';

/**
 * The largest number of destinations: a stack holds 500 resources, of which each takes a dozen; and the names of their
 * queues travel in the router's environment, of 4 KB.
 */
export const MAX_DESTINATIONS = 30;

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
  /** A module whose default export is `transform(event, context)`, for this destination alone; or its path and limits. */
  transform: v.optional(transform),
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

const pipeline = v.strictObject({
  sources: v.pipe(
    v.array(source, 'expected a list of sources'),
    v.nonEmpty('is empty; name at least one source'),
  ),
  destinations: v.pipe(
    v.array(destination, 'expected a list of destinations'),
    v.maxLength(MAX_DESTINATIONS, `has more than ${MAX_DESTINATIONS}; deploy a second pipeline for the rest`),
  ),
  /** A module whose default export is `transform(event, context)`, run for every event; or its path and limits. */
  transform: v.optional(transform),
  timing: v.optional(timing, {}),
  degradedMode: v.optional(degradedMode, {}),
  alerts: v.optional(alerts, {}),
  ingest: v.optional(ingest, {}),
  router: v.optional(router, {}),
  /** Drops repetitions beyond SQS's five minutes. Off when it is left out; `{}` has the defaults. */
  deduplication: v.optional(deduplication),
});

/** Fills in the default that depends on another key: a transform's timeout. */
const complete = <T extends { transform?: v.InferOutput<typeof transform> | undefined }>(
  { transform: written, ...rest }: T,
  functionTimeout: number,
): Omit<T, 'transform'> & { transform?: ResolvedTransform } => ({
  ...rest,
  ...(written && { transform: withTimeout(written, functionTimeout) }),
});

export const pipelineSchema = v.pipe(
  pipeline,
  v.transform((config) => ({
    ...complete(config, config.timing.routerTimeout),
    destinations: config.destinations.map((one) => complete(one, config.timing.deliverTimeout)),
  })),
);

/** What you write. Everything that has a default may be left out. */
export type PipelineConfig = v.InferInput<typeof pipelineSchema>;
/** What the code reads: every default filled in, lengths of time in milliseconds. */
export type ResolvedConfig = v.InferOutput<typeof pipelineSchema>;
export type ResolvedSource = ResolvedConfig['sources'][number];
export type ResolvedDestination = ResolvedConfig['destinations'][number];
export type ResolvedTiming = ResolvedConfig['timing'];
export type ResolvedDegradedMode = ResolvedConfig['degradedMode'];
export type ResolvedDeduplication = NonNullable<ResolvedConfig['deduplication']>;
export type { ResolvedTransform };
export type ResolvedAlerts = ResolvedConfig['alerts'];
