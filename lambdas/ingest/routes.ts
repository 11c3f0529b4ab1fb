/** Which path does what. They are RudderStack's, its control plane's for SDKs, and Segment's short names. */

/** Where a request may carry its write key; what is named first is looked at first. */
export type KeyPlaces =
  /** Basic auth. Segment's mobile SDKs have no such header in their requests: the body has it. */
  | 'header, body'
  /** What no header can be given for: beacons, pixels, the URLs that other services call. */
  | 'query, header'
  /** RudderStack's SDKs send it in both. */
  | 'header, query';

/** Its requests carry events. */
export type EventRoute = { readonly keyIn: KeyPlaces } & (
  | /** The body is one event; the route's name becomes its type. */
    { readonly kind: 'event'; readonly type: string }
    /** The body has a list of events. */
  | { readonly kind: 'batch' }
  /** The query is the event; the answer is a picture. */
  | { readonly kind: 'pixel'; readonly type: 'page' | 'track' }
  /** Whatever another service sends becomes an event's properties. */
  | { readonly kind: 'webhook' }
);

export type Route =
  | { readonly kind: 'health' | 'ready' | 'version' | 'robots' }
  | { readonly kind: 'source config'; readonly keyIn: KeyPlaces }
  | EventRoute;

export type Method = 'GET' | 'HEAD' | 'POST';

interface Entry {
  readonly methods: readonly Method[];
  readonly route: Route;
}

const EVENT_TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias', 'merge'];

/** Segment's browser and mobile SDKs; its other SDKs use the whole names. */
const SHORT_NAMES = { i: 'identify', t: 'track', p: 'page', s: 'screen', g: 'group', a: 'alias' };

const postEvent = (name: string, type: string): [string, Entry] => [
  `/v1/${name}`,
  { methods: ['POST'], route: { kind: 'event', type, keyIn: 'header, body' } },
];
const BATCH: Entry = { methods: ['POST'], route: { kind: 'batch', keyIn: 'header, body' } };
// HEAD is GET for the headers alone; load balancers probe with it.
const READ: readonly Method[] = ['GET', 'HEAD'];

const ROUTES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...EVENT_TYPES.map((type) => postEvent(type, type)),
  ...Object.entries(SHORT_NAMES).map(([name, type]) => postEvent(name, type)),
  ['/v1/batch', BATCH],
  ['/v1/b', BATCH],
  ['/v1/import', BATCH],
  ['/beacon/v1/batch', { methods: ['POST'], route: { kind: 'batch', keyIn: 'query, header' } }],
  ['/pixel/v1/track', { methods: ['GET'], route: { kind: 'pixel', type: 'track', keyIn: 'query, header' } }],
  ['/pixel/v1/page', { methods: ['GET'], route: { kind: 'pixel', type: 'page', keyIn: 'query, header' } }],
  ['/v1/webhook', { methods: ['GET', 'POST'], route: { kind: 'webhook', keyIn: 'query, header' } }],
  ['/sourceConfig', { methods: READ, route: { kind: 'source config', keyIn: 'header, query' } }],
  ['/', { methods: READ, route: { kind: 'health' } }],
  ['/health', { methods: READ, route: { kind: 'health' } }],
  ['/ready', { methods: READ, route: { kind: 'ready' } }],
  ['/version', { methods: READ, route: { kind: 'version' } }],
  ['/robots.txt', { methods: READ, route: { kind: 'robots' } }],
]);

/** Otherwise: the path is unknown, or takes other methods only. */
export const findRoute = (
  method: string,
  path: string,
): Route | { readonly kind: 'unknown' } | { readonly kind: 'wrong method'; readonly allow: string } => {
  const entry = ROUTES.get(path);
  if (entry === undefined) return { kind: 'unknown' };
  const { methods, route } = entry;
  return methods.some((one) => one === method)
    ? route
    : { kind: 'wrong method', allow: [...methods, 'OPTIONS'].join(', ') };
};
