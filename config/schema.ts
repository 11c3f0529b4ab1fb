/**
 * The pipeline's configuration: what you write in `sluice.config.ts`, or passes to the `EventPipeline`
 * construct. It is validated when the app is synthesized; each mistake is one line with the path of the wrong key.
 */
import * as v from 'valibot';
import { alerts } from './alerts-schema.ts';
import { records } from './records-schema.ts';
import { routing } from './routing-schema.ts';
import { source } from './source-schema.ts';
import { DEFAULT_PARK_AFTER, degradedMode, timing } from './timing-schema.ts';
import { transform, withTimeout, type ResolvedTransform } from './transform-schema.ts';
import { count, duration, got, httpUrl, id, secret } from './values.ts';

/**
 * The largest number of destinations: the ids of their mappings travel in control's environment, of 4 KB, and control looks at each of
 * them every minute.
 */
export const MAX_DESTINATIONS = 100;

/** Of them in a stack, the pipeline's own or a nested one: a stack holds 500 resources, and each destination takes a dozen. */
export const MAX_DESTINATIONS_OF_STACK = 30;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by Sluice itself on every request; a configured header of the same name would be in doubt. */
const OWN_HEADERS = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'host',
  'user-agent',
  'idempotency-key',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]);

/** Of the connection, or of one hop: RFC 9110, 7.6.1 and 10.1. They would change how the request is read. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
  'proxy-authenticate',
]);
/** What they hold is always a credential. */
export const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const headers = v.record(
  v.pipe(
    v.string(),
    v.regex(HEADER_NAME, got('is not a header name')),
    v.check((name) => !OWN_HEADERS.has(name.toLowerCase()), got('is set by Sluice itself; remove it')),
    v.check(
      (name) => !CONNECTION_HEADERS.has(name.toLowerCase()),
      got('belongs to the connection; remove it'),
    ),
  ),
  v.union(
    [v.pipe(v.string(), v.regex(HEADER_VALUE, 'has characters that a header cannot hold')), secret],
    'expected a header value: a string, or { secretName: "..." }',
  ),
);

const url = v.union(
  [httpUrl('https://example.com/hook', 'put them in headers.authorization as { secretName: "..." }'), secret],
  'expected a URL, or { secretName: "..." }',
);

const NESTED_STACK = /^[a-z][a-z0-9]{0,15}$/;

const network = v.picklist(['private', 'loopback', 'linkLocal']);

const destination = v.strictObject({
  /** Names the destination's stage: its queue, its function, its mode. */
  id: v.pipe(
    id('destination'),
    v.notValues(['router', 'ingest'], got('is the name of a part of the pipeline itself; use another id')),
  ),
  type: v.literal('webhook', got('is not a destination type; use "webhook"')),
  /** Where events are sent by POST, or the secret that holds the whole URL. Redirects are not followed. */
  url,
  /** Further request headers. A secret is named, never written. */
  headers: v.optional(headers, {}),
  /** Ids of the sources it takes. Default: all. */
  sources: v.optional(v.pipe(v.array(v.string()), v.nonEmpty('is empty; leave it out to take all sources'))),
  ...routing,
  /** A module whose default export is `transform(event, context)`, for this destination alone; or its path and limits. */
  transform: v.optional(transform),
  /** Up to this many events of one user in one request, as a JSON array. Default: 1, a JSON object. */
  batch: v.optional(count(1, 1000), 1),
  /** How many of its deliver functions run concurrently; Lambda's range. Default: 10. */
  maxConcurrency: v.optional(count(2, 1000), 10),
  /** Sign requests as Standard Webhooks, with a `whsec_...` secret. Default: unsigned. */
  signingSecret: v.optional(secret),
  /**
   * Hosts in other networks than the public one are refused. `true`: not those with private addresses (RFC 1918, RFC 4193). A list names
   * the networks: `'private'`, `'loopback'`, `'linkLocal'`. Default: false.
   */
  allowPrivateNetwork: v.optional(
    v.union(
      [v.boolean(), v.array(network)],
      'expected true, false, or a list of "private", "loopback" and "linkLocal"',
    ),
    false,
  ),
  /**
   * The nested stack that the destination is in, by a name of yours. A stack has room for 30 destinations. It is for good: a destination
   * cannot change its stack. Default: the pipeline's own stack.
   */
  nestedStack: v.optional(
    v.pipe(
      v.string('expected the name of a nested stack, such as "b"'),
      v.regex(
        NESTED_STACK,
        got(
          'is not the name of a nested stack; use lower-case letters and digits, a letter first, at most 16',
        ),
      ),
    ),
  ),
  /** `false`: takes no new events, and continues to deliver those it has. Default: true. */
  enabled: v.optional(v.boolean('expected true or false'), true),
});

const ingest = v.strictObject({
  /** Lambda concurrency kept for ingest, so that no other function of the account can starve it. Default: none. */
  reservedConcurrency: v.optional(count(1, 10_000)),
  /** API Gateway's throttle, requests per second. Default: 1,000. */
  rateLimit: v.optional(count(1, 100_000), 1_000),
  /** API Gateway's throttle, concurrent requests. Default: 2,000. */
  burstLimit: v.optional(count(1, 100_000), 2_000),
  /**
   * Distinct order keys of one request: each is a message of its own, and all have to be stored before the deadline. More is answered 413.
   * Default: 5,000, twice what an SDK's largest batch can have.
   */
  maxKeysPerRequest: v.optional(count(1, 20_000), 5_000),
  accessLog: v.optional(
    v.strictObject({
      /** The client's address in the API's access log: whole, or not at all; API Gateway cannot cut one. Default: `'full'`. */
      ip: v.optional(v.picklist(['full', 'none'], got('is not a choice; use "full" or "none"')), 'full'),
    }),
    {},
  ),
});

const router = v.strictObject({
  /** How many routers run concurrently; Lambda's range. Default: 50. */
  maxConcurrency: v.optional(count(2, 1000), 50),
});

const deduplication = v.strictObject({
  /**
   * A user's event with the `messageId` of one that was accepted at most this long before is dropped in the router. Default:
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
  records: v.optional(records, {}),
});

/** Fills in the default that depends on another key: a transform's timeout. */
const complete = <T extends { transform?: v.InferOutput<typeof transform> | undefined }>(
  { transform: written, ...rest }: T,
  functionTimeout: number,
): Omit<T, 'transform'> & { transform?: ResolvedTransform } => ({
  ...rest,
  ...(written && { transform: withTimeout(written, functionTimeout) }),
});

type Written = v.InferOutput<typeof pipeline>;

/** A key of an earlier version becomes the one that took its place (`deprecated.ts`). */
const renamed = ({ timing: { closedDoorLimit, ...timing }, degradedMode, ...rest }: Written) => ({
  ...rest,
  timing,
  degradedMode: {
    ...degradedMode,
    parkAfter: degradedMode.parkAfter ?? closedDoorLimit ?? DEFAULT_PARK_AFTER,
  },
});

export const pipelineSchema = v.pipe(
  pipeline,
  v.forward(
    v.check(
      ({ timing, degradedMode }) =>
        timing.closedDoorLimit === undefined || degradedMode.parkAfter === undefined,
      'is the earlier name of degradedMode.parkAfter, which is set as well; remove it',
    ),
    ['timing', 'closedDoorLimit'],
  ),
  v.transform(renamed),
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
