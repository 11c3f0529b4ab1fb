/** `sources`: who sends events, by which key, in which order and how fast. */
import * as v from 'valibot';
import { plan } from './plans/plan-schema.ts';
import { count, got, id } from './values.ts';

const writeKey = v.pipe(
  v.string('expected a write key, a string'),
  v.regex(
    /^[\x21-\x39\x3b-\x7e]{1,256}$/,
    'is not a write key; use 1 to 256 visible ASCII characters without a colon',
  ),
);

/** Seconds of its rate that a source may send after a pause, unless it has a burst of its own. */
const BURST_SECONDS = 10;

const rateLimit = v.pipe(
  v.strictObject({
    /** Events that one instance of ingest's function takes of the source in a second, on average. */
    eventsPerSecond: count(1, 100_000),
    /** How many more it takes after a pause. Default: those of ten seconds. */
    burst: v.optional(count(1, 1_000_000)),
  }),
  v.transform(({ eventsPerSecond, burst }) => ({
    eventsPerSecond,
    burst: burst ?? BURST_SECONDS * eventsPerSecond,
  })),
);

export const source = v.pipe(
  v.strictObject({
    /** Names the source in metrics and in the order key. Renaming it starts a new order. */
    id: id('source'),
    /** The key that SDKs send as the user name of basic auth. */
    writeKey: v.optional(writeKey),
    /** Several keys at the same time, for rotation. */
    writeKeys: v.optional(v.pipe(v.array(writeKey), v.nonEmpty('is empty; name at least one write key'))),
    /** A source that is switched off answers 404, which makes SDKs stop. Default: true. */
    enabled: v.optional(v.boolean('expected true or false'), true),
    /**
     * The id that orders events: `'anonymousId'` (a device), `'userId'` (a person), or `'auto'`: the person for events
     * of servers (`channel: "server"`), the device for all others. An event without that id is ordered by the other
     * one. A change starts a new order. Default: `'auto'`.
     */
    orderBy: v.optional(
      v.picklist(
        ['anonymousId', 'userId', 'auto'],
        got('is not an order; use "anonymousId", "userId" or "auto"'),
      ),
      'auto',
    ),
    /** Beyond it the source is answered 429, and its SDKs try again. Each instance of ingest's function counts on its own. Default: none. */
    rateLimit: v.optional(rateLimit),
    /**
     * Cuts the addresses of clients before an event is stored, in `request_ip` and `context.ip`: the last octet is zero, of IPv6 the last
     * 80 bits. Default: false.
     */
    anonymizeIp: v.optional(v.boolean('expected true or false'), false),
    /** Its tracking plan, which the router holds its events to: the path of the file, or the path and what becomes of violations. Default: none. */
    plan: v.optional(plan),
  }),
  v.check(
    (value) => (value.writeKey === undefined) !== (value.writeKeys === undefined),
    'set exactly one of writeKey and writeKeys',
  ),
  v.transform(({ id, writeKey, writeKeys, enabled, orderBy, rateLimit, anonymizeIp, plan }) => ({
    id,
    enabled,
    orderBy,
    writeKeys: writeKeys ?? (writeKey === undefined ? [] : [writeKey]),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(anonymizeIp && { anonymizeIp }),
    ...(plan !== undefined && { plan }),
  })),
);
