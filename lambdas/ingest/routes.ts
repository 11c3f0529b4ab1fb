/** Which path does what. */

export type Route =
  | { readonly kind: 'health' }
  /** The body is one event; the route's name becomes its type. */
  | { readonly kind: 'event'; readonly type: string }
  /** The body has a list of events. */
  | { readonly kind: 'batch' };

interface Entry {
  readonly method: 'GET' | 'POST';
  readonly route: Route;
}

const EVENT_TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias', 'merge'];

const ROUTES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['/', { method: 'GET', route: { kind: 'health' } }],
  ['/health', { method: 'GET', route: { kind: 'health' } }],
  ['/v1/batch', { method: 'POST', route: { kind: 'batch' } }],
  ...EVENT_TYPES.map((type): [string, Entry] => [
    `/v1/${type}`,
    { method: 'POST', route: { kind: 'event', type } },
  ]),
]);

/** Otherwise: the path is unknown, or takes another method only. */
export const findRoute = (
  method: string,
  path: string,
): Route | { readonly kind: 'unknown' } | { readonly kind: 'wrong method'; readonly allow: string } => {
  const entry = ROUTES.get(path);
  if (entry === undefined) return { kind: 'unknown' };
  // HEAD is GET of which only the headers are wanted; load balancers probe with it.
  const asked = method === 'HEAD' ? 'GET' : method;
  return asked === entry.method ? entry.route : { kind: 'wrong method', allow: `${entry.method}, OPTIONS` };
};
