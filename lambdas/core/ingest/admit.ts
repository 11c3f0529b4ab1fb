/** Which events are taken, and what is stamped on them. The rules are those of RudderStack's gateway. */
import { createHash } from 'node:crypto';
import { eventBytes } from '../event/envelope.ts';
import { isJsonObject, type JsonObject, type SluiceEvent } from '../event/event.ts';
import { MAX_EVENT_BYTES } from '../base/limits.ts';
import { orderKey, userIds, type UserIds } from '../event/order-key.ts';

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
} as const;
export type RejectionReason = (typeof REJECTION)[keyof typeof REJECTION];

/** What ingest knows of the request that an event came in. */
export interface Arrival {
  readonly sourceId: string;
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
      /** As it came, with its `messageId`: what tells a retry from a new event. */
      readonly received: SluiceEvent;
      readonly stamped: SluiceEvent;
    }
  | { readonly ok: false; readonly reason: RejectionReason };

/** Recursion goes no deeper than `limit`. */
export const isDeeperThan = (value: unknown, limit: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (limit === 0 || Object.values(value).some((inner) => isDeeperThan(inner, limit - 1)));

/** RudderStack's id of a user: the MD5 of both ids, in the form of a version 4 UUID. */
export const rudderId = ({ userId, anonymousId }: UserIds): string => {
  const digest = createHash('md5').update(`${userId}:${anonymousId}`).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x40, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** @returns milliseconds since 1970; NaN for what is not a time */
const toTime = (value: unknown): number => (typeof value === 'string' ? Date.parse(value) : NaN);

/**
 * When it happened by our clock: the device's clock may be wrong, but the time it let pass between the event and the
 * sending is right. Without those two times, or if they are absurd, it is the time of arrival.
 */
const correctedTime = (originalTimestamp: unknown, sentAt: unknown, receivedAt: number): string => {
  const original = toTime(originalTimestamp);
  const sent = toTime(sentAt);
  const waited = Number.isNaN(original) ? 0 : (Number.isNaN(sent) ? receivedAt : sent) - original;
  const corrected = new Date(receivedAt - waited);
  return Number.isNaN(corrected.getTime()) ? new Date(receivedAt).toISOString() : corrected.toISOString();
};

const messageId = (event: JsonObject, newId: () => string): string => {
  const given = event['messageId'];
  const id = typeof given === 'string' ? given.trim() : '';
  return id === '' ? newId() : id;
};

const stamp = (event: SluiceEvent, ids: UserIds, { receivedAt, requestIp }: Arrival): SluiceEvent => {
  const now = new Date(receivedAt).toISOString();
  const { sentAt, originalTimestamp, timestamp, receivedAt: given, request_ip } = event;
  return {
    ...event,
    rudderId: rudderId(ids),
    receivedAt: given ?? now,
    request_ip: request_ip ?? requestIp,
    originalTimestamp: originalTimestamp ?? now,
    sentAt: sentAt ?? now,
    timestamp: timestamp ?? correctedTime(originalTimestamp, sentAt, receivedAt),
  };
};

/**
 * Checks and stamps one event. A name such as `__proto__` stays data: `JSON.parse` and spreading make it a property of its own,
 * where an assignment would set the prototype.
 */
export const admit = (raw: unknown, arrival: Arrival): Admission => {
  if (!isJsonObject(raw) || isDeeperThan(raw, MAX_EVENT_DEPTH)) {
    return { ok: false, reason: REJECTION.notAnEvent };
  }
  const ids = userIds(raw);
  if (ids === undefined) return { ok: false, reason: REJECTION.nobody };
  const type = arrival.type === undefined ? {} : { type: arrival.type };
  const received: SluiceEvent = { ...raw, ...type, messageId: messageId(raw, arrival.newId) };
  const stamped = stamp(received, ids, arrival);
  if (eventBytes(stamped) > MAX_EVENT_BYTES) return { ok: false, reason: REJECTION.tooLarge };
  return { ok: true, key: orderKey(arrival.sourceId, ids), received, stamped };
};
