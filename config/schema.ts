/**
 * The pipeline's configuration: what a person writes in `sluice.config.ts`, or passes to the `EventPipeline`
 * construct. It is validated when the app is synthesized; each mistake is one line with the path of the wrong key.
 */
import ms from 'ms';
import * as v from 'valibot';

/** The largest number of destinations: their queues' names travel in the router's environment, of 4 KB. */
const MAX_DESTINATIONS = 40;

const ID = /^[a-z][a-z0-9-]{0,31}$/;
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

const quote = (value: unknown): string => JSON.stringify(value);

/** The key's path is put in front by `formatIssues`, so a message begins with what is wrong and ends with the fix. */
const got = (fix: string) => (issue: v.BaseIssue<unknown>) => `${quote(issue.input)} ${fix}`;

const id = (what: string) =>
  v.pipe(
    v.string(`expected the ${what}'s id, a string`),
    v.regex(ID, got(`is not an id; use lower-case letters, digits and dashes, a letter first, at most 32`)),
  );

const text = (what: string) =>
  v.pipe(v.string(`expected ${what}, a string`), v.nonEmpty(`is empty; expected ${what}`));

/** A length of time as `ms` reads it ("5 minutes", "30s"); becomes milliseconds. */
const duration = (min: ms.StringValue, max: ms.StringValue) =>
  v.pipe(
    v.string('expected a length of time such as "5 minutes"'),
    v.transform((value): { value: string; time: number | undefined } => ({
      value,
      time: ms(value as ms.StringValue),
    })),
    v.check(
      ({ time }) => typeof time === 'number' && Number.isFinite(time),
      ({ input }) => `${quote(input.value)} is not a length of time; use for example "5 minutes"`,
    ),
    v.check(
      ({ time }) => time !== undefined && time >= ms(min) && time <= ms(max),
      ({ input }) => `${quote(input.value)} is out of range; use ${min} to ${max}`,
    ),
    v.transform(({ time }) => time ?? 0),
  );

const count = (min: number, max: number) =>
  v.pipe(
    v.number(`expected a whole number from ${min} to ${max}`),
    v.integer(got(`is not a whole number; use ${min} to ${max}`)),
    v.minValue(min, got(`is too small; use ${min} to ${max}`)),
    v.maxValue(max, got(`is too large; use ${min} to ${max}`)),
  );

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

const secret = v.strictObject({ secretName: text('the name of a secret in Secrets Manager') });

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

const parseUrl = (value: string): URL | undefined => (URL.canParse(value) ? new URL(value) : undefined);

const url = v.pipe(
  v.string('expected a URL, a string'),
  v.check(
    (value) => /^https?:$/.test(parseUrl(value)?.protocol ?? ''),
    got('is not an http(s) URL; use for example "https://example.com/hook"'),
  ),
  v.check((value) => {
    const parsed = parseUrl(value);
    return parsed === undefined || (parsed.username === '' && parsed.password === '');
  }, 'has a user name or password in it; put them in headers.authorization as { secretName: "..." }'),
);

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
  /** An event answered 3xx, 401, 403, 404 or 410 for so long, while others succeed, is rejected. Default: 15 minutes. */
  closedDoorLimit: v.optional(duration('1s', '1d'), '15 minutes'),
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
  ingest: v.optional(ingest, {}),
  router: v.optional(router, {}),
});

/** What a person writes. Everything that has a default may be left out. */
export type PipelineConfig = v.InferInput<typeof pipelineSchema>;
/** What the code reads: every default filled in, lengths of time in milliseconds. */
export type ResolvedConfig = v.InferOutput<typeof pipelineSchema>;
export type ResolvedSource = ResolvedConfig['sources'][number];
export type ResolvedDestination = ResolvedConfig['destinations'][number];
export type ResolvedTiming = ResolvedConfig['timing'];
