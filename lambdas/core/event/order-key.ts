/**
 * Whose event it is. Events of one order key are delivered in the order of their acceptance; the key is the SQS message
 * group.
 */
import type { OrderBy } from '../../../contract/settings.ts';
import { digest } from '../base/digest.ts';
import type { JsonObject } from './event.ts';
import { idText } from './id-text.ts';

/** The two ids by which an event names its user, as `idText` reads them; empty: it has none. */
export interface UserIds {
  readonly userId: string;
  readonly anonymousId: string;
}

/** `undefined`: the event names nobody. */
export const userIds = (event: JsonObject): UserIds | undefined => {
  const ids = { userId: idText(event['userId']), anonymousId: idText(event['anonymousId']) };
  return ids.userId === '' && ids.anonymousId === '' ? undefined : ids;
};

/** Which id orders an event; where the event lacks it, the other one does. */
export type OrderingId = 'anonymousId' | 'userId';

/**
 * `auto`: a server speaks for many people, and its `anonymousId` may be a new one for each event (RudderStack's Go SDK) or
 * one for all of them; whom it knows it names by `userId`. RudderStack's server SDKs set `channel: "server"`.
 *
 * On a device the anonymous id comes first, because it does not change when the device's user logs in: so the events
 * before, at and after `identify` share one key.
 */
export const orderingId = (event: JsonObject, orderBy: OrderBy): OrderingId => {
  if (orderBy !== 'auto') return orderBy;
  return event['channel'] === 'server' ? 'userId' : 'anonymousId';
};

/**
 * The `AnonymousId` request header is left out on purpose: SDKs disagree on its coding, and in a batch it is the first
 * event's.
 * @returns 43 characters of base64url: it fits a message group id whatever is in the user's ids, and shows none of it
 */
export const orderKey = (sourceId: string, ids: UserIds, by: OrderingId): string => {
  const other = by === 'userId' ? ids.anonymousId : ids.userId;
  return digest('sha256', `${sourceId}\0${ids[by] === '' ? other : ids[by]}`, 'base64url');
};
