/**
 * Whose event it is. Events of one order key are delivered in the order of their acceptance; the key is the SQS message
 * group.
 */
import { createHash } from 'node:crypto';
import type { JsonObject } from './event.ts';

/** The two ids by which an event names its user, trimmed; empty: it has none. */
export interface UserIds {
  readonly userId: string;
  readonly anonymousId: string;
}

/** A number is an id as good as its text (some servers send their database's ids); anything else is none. */
const toId = (value: unknown): string => {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '';
};

/** `undefined`: the event names nobody. */
export const userIds = (event: JsonObject): UserIds | undefined => {
  const ids = { userId: toId(event['userId']), anonymousId: toId(event['anonymousId']) };
  return ids.userId === '' && ids.anonymousId === '' ? undefined : ids;
};

/**
 * The anonymous id comes first, because it does not change when a device's user logs in: so the events before, at and
 * after `identify` share one key. The `AnonymousId` request header is left out on purpose: SDKs disagree on its coding,
 * and in a batch it is the first event's.
 * @returns 43 characters of base64url: it fits a message group id whatever is in the user's ids, and shows none of it
 */
export const orderKey = (sourceId: string, { userId, anonymousId }: UserIds): string =>
  createHash('sha256')
    .update(`${sourceId}\0${anonymousId === '' ? userId : anonymousId}`)
    .digest('base64url');
