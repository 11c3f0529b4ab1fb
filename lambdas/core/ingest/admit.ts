/** Which events are taken, and what is stamped on them. The rules are those of RudderStack's gateway. */
import { createHash } from 'node:crypto';
import { ExactNumber } from '../base/exact-json.ts';
import { eventBytes } from '../event/envelope.ts';
import { isJsonObject, type JsonObject, type SluiceEvent } from '../event/event.ts';
import { visibleText } from '../event/id-text.ts';
import { MAX_EVENT_BYTES } from '../base/limits.ts';
import type { OrderBy } from '../../../contract/settings.ts';
import { orderKey, orderingId, userIds, type UserIds } from '../event/order-key.ts';
import { timesOf } from './times.ts';

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

export type Admission =
  | {
      readonly ok: true;
      readonly key: string;
      /** As it came, with its `messageId`: what distinguishes a retry from a new event. */
      readonly received: SluiceEvent;
      readonly stamped: SluiceEvent;
    }
  | { readonly ok: false; readonly reason: RejectionReason };

/** Recursion goes no deeper than `limit`. */
export const isDeeperThan = (value: unknown, limit: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof ExactNumber) &&
  (limit === 0 || Object.values(value).some((inner) => isDeeperThan(inner, limit - 1)));

/** RudderStack's id of a user: the MD5 of both ids, in the form of a version 4 UUID. */
export const rudderId = ({ userId, anonymousId }: UserIds): string => {
  const digest = createHash('md5').update(`${userId}:${anonymousId}`).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x40, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

const messageId = (event: JsonObject, newId: () => string): string => {
  const given = event['messageId'];
  const id = typeof given === 'string' ? visibleText(given) : '';
  return id === '' ? newId() : id;
};

const stamp = (event: SluiceEvent, ids: UserIds, { receivedAt, requestIp }: Arrival): SluiceEvent => {
  const { receivedAt: given, request_ip } = event;
  return {
    ...event,
    rudderId: rudderId(ids),
    receivedAt: given ?? new Date(receivedAt).toISOString(),
    request_ip: request_ip ?? requestIp,
    ...timesOf(event, receivedAt),
  };
};

/**
 * Checks and stamps one event. A name such as `__proto__` stays data: `JSON.parse` and spreading make it a property of its own,
 * where an assignment would set the prototype.
 */
export const admit = (raw: unknown, arrival: Arrival): Admission => {
  if (raw instanceof UnreadableEvent) return { ok: false, reason: REJECTION.notJson };
  if (!isJsonObject(raw) || isDeeperThan(raw, MAX_EVENT_DEPTH)) {
    return { ok: false, reason: REJECTION.notAnEvent };
  }
  const ids = userIds(raw);
  if (ids === undefined) return { ok: false, reason: REJECTION.nobody };
  const type = arrival.type === undefined ? {} : { type: arrival.type };
  const received: SluiceEvent = { ...raw, ...type, messageId: messageId(raw, arrival.newId) };
  const stamped = stamp(received, ids, arrival);
  if (eventBytes(stamped) > MAX_EVENT_BYTES) return { ok: false, reason: REJECTION.tooLarge };
  const key = orderKey(arrival.sourceId, ids, orderingId(raw, arrival.orderBy));
  return { ok: true, key, received, stamped };
};
