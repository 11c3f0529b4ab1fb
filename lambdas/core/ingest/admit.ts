/** Which events are taken, and what is stamped on them. The rules are those of RudderStack's gateway. */
import { digest } from '../base/digest.ts';
import { ExactNumber, parse } from '../base/exact-json.ts';
import { isJsonObject, type JsonObject, type SluiceEvent } from '../event/event.ts';
import { visibleText } from '../event/id-text.ts';
import { MAX_EVENT_BYTES } from '../base/limits.ts';
import type { OrderBy } from '../../../contract/settings.ts';
import { orderKey, orderingId, userIds, type OrderingId, type UserIds } from '../event/order-key.ts';
import { isLongerThan } from '../base/text.ts';
import { writeEvent, type EventTexts } from './stamp.ts';
import { timesReader } from './times.ts';

/**
 * Objects and lists in one another. `JSON.stringify` and `structuredClone` recurse, and overflow the stack at some
 * thousands: such an event would crash the router. Real events have a dozen levels.
 */
export const MAX_EVENT_DEPTH = 128;

/** Why an event is not taken; the texts are RudderStack's, and the old Android SDK looks for the first. */
export const REJECTION = {
  nobody: 'request neither has anonymousId nor userId',
  notAnEvent: 'event is not a valid rudder event',
  tooLarge: 'event size exceeds max limit',
  notJson: 'invalid json',
} as const;
export type RejectionReason = (typeof REJECTION)[keyof typeof REJECTION];

/** An event of a batch that is not JSON. */
export class UnreadableEvent {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What ingest knows of the request that an event came in. */
export interface Arrival {
  readonly sourceId: string;
  readonly orderBy: OrderBy;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly requestIp: string;
  /** The name of a route for one event (`track`, ...); it overwrites the event's type. */
  readonly type?: string;
  /** Gives a `messageId` to an event that came without: a version 4 UUID. */
  readonly newId: () => string;
}

export type Admitted = EventTexts & {
  readonly ok: true;
  /** The order key. */
  readonly key: string;
};

export type Verdict = Admitted | { readonly ok: false; readonly reason: RejectionReason };

export type Admission =
  | { readonly ok: true; readonly key: string; readonly stamped: SluiceEvent }
  | { readonly ok: false; readonly reason: RejectionReason };

/** Recursion goes no deeper than `limit`. */
export const isDeeperThan = (value: unknown, limit: number): boolean =>
  typeof value === 'object' && value !== null && reaches(value, limit);

const reaches = (container: object, limit: number): boolean => {
  if (limit === 0) return !(container instanceof ExactNumber);
  if (Array.isArray(container)) return container.some((inner) => isDeeperThan(inner, limit - 1));
  // Many times faster than over a list of the values. Data inherits no field.
  for (const name in container) {
    const inner = (container as JsonObject)[name];
    if (typeof inner === 'object' && inner !== null && reaches(inner, limit - 1)) return true;
  }
  return false;
};

/** RudderStack's id of a user: the MD5 of both ids, in the form of a version 4 UUID. */
export const rudderId = ({ userId, anonymousId }: UserIds): string => {
  const hex = digest('md5', `${userId}:${anonymousId}`, 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const version = `4${hex.slice(13, 16)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
};

/** What is known of a user, by the ids that an event names it with. */
interface User {
  readonly rudderId: string;
  readonly keyOf: (by: OrderingId) => string;
}

/** The users of one request: its events are of few, and each costs two digests. */
const usersOf = (sourceId: string): ((ids: UserIds) => User) => {
  // By `userId`, then by `anonymousId`: a text made of both would have to be made for each event.
  const users = new Map<string, Map<string, User>>();
  return (ids) => {
    const { userId, anonymousId } = ids;
    const known = users.get(userId) ?? new Map<string, User>();
    let user = known.get(anonymousId);
    if (user === undefined) {
      const keys: Partial<Record<OrderingId, string>> = {};
      user = { rudderId: rudderId(ids), keyOf: (by) => (keys[by] ??= orderKey(sourceId, ids, by)) };
      users.set(userId, known.set(anonymousId, user));
    }
    return user;
  };
};

/** As it came, with its `messageId`: what distinguishes a retry from a new event. */
const asReceived = (raw: JsonObject, { type, newId }: Arrival): SluiceEvent => {
  const given = raw['messageId'];
  const visible = typeof given === 'string' ? visibleText(given) : '';
  const messageId = visible === '' ? newId() : visible;
  const isAsItIs = given === messageId && (type === undefined || raw['type'] === type);
  if (isAsItIs) return raw as SluiceEvent;
  return { ...raw, ...(type === undefined ? {} : { type }), messageId };
};

/**
 * Checks and stamps events of one request, one by one. A name such as `__proto__` stays data: `JSON.parse` and spreading make it a property
 * of its own, where an assignment would set the prototype.
 */
export const admitter = (arrival: Arrival): ((raw: unknown) => Verdict) => {
  const { sourceId, orderBy, receivedAt, requestIp } = arrival;
  const arrivedAt = new Date(receivedAt).toISOString();
  const timesOf = timesReader(receivedAt);
  const userOf = usersOf(sourceId);
  return (raw) => {
    if (raw instanceof UnreadableEvent) return { ok: false, reason: REJECTION.notJson };
    if (!isJsonObject(raw) || isDeeperThan(raw, MAX_EVENT_DEPTH)) {
      return { ok: false, reason: REJECTION.notAnEvent };
    }
    const ids = userIds(raw);
    if (ids === undefined) return { ok: false, reason: REJECTION.nobody };
    const { rudderId: id, keyOf } = userOf(ids);
    const received = asReceived(raw, arrival);
    const { text, lasting } = writeEvent(received, {
      rudderId: id,
      receivedAt: received['receivedAt'] ?? arrivedAt,
      request_ip: received['request_ip'] ?? requestIp,
      ...timesOf(received),
    });
    if (isLongerThan(text, MAX_EVENT_BYTES)) return { ok: false, reason: REJECTION.tooLarge };
    return { ok: true, key: keyOf(orderingId(raw, orderBy)), text, lasting };
  };
};

/** One event alone. */
export const admit = (raw: unknown, arrival: Arrival): Admission => {
  const verdict = admitter(arrival)(raw);
  return verdict.ok ? { ok: true, key: verdict.key, stamped: parse(verdict.text) as SluiceEvent } : verdict;
};
