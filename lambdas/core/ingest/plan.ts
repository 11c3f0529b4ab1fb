/** From the events of one request to the messages to send. */
import { append } from '../base/append.ts';
import { deduplicationId } from '../event/deduplication-id.ts';
import { pack } from '../event/envelope.ts';
import type { SluiceEvent } from '../event/event.ts';
import { admit, type Arrival, type RejectionReason } from './admit.ts';
import { rejectedMessages, type BadEvent } from './rejected.ts';
import type { OutgoingMessage } from '../base/messages.ts';

/**
 * Events in one request. By size alone (4,000 KB) they could be hundreds of thousands, each of another user: more
 * messages than can be sent before the deadline, so that the request would always fail. Events of real SDKs have 200
 * bytes and more, and 20,000 of those fit.
 */
export const MAX_REQUEST_EVENTS = 20_000;

/** An answer of 413 says this, and how many users are too many. */
export const TOO_MANY_USERS = 'request has events of too many users';

/** Messages of one group, to be sent strictly one after the other. */
export type Lane = readonly OutgoingMessage[];

export type Plan =
  | {
      readonly kind: 'send';
      readonly lanes: readonly Lane[];
      readonly accepted: number;
      readonly rejected: number;
    }
  /** Nothing is stored; the client gets an error. */
  | {
      readonly kind: 'refuse';
      readonly reason:
        RejectionReason | 'empty batch payload' | 'request size exceeds max limit' | typeof TOO_MANY_USERS;
    };

interface Admitted {
  readonly received: SluiceEvent;
  readonly stamped: SluiceEvent;
}

const toLane = (key: string, events: readonly Admitted[], arrival: Arrival): Lane => {
  const { sourceId } = arrival;
  const header = { sourceId, receivedAt: new Date(arrival.receivedAt).toISOString() };
  let next = 0;
  return pack(
    header,
    events.map(({ stamped }) => stamped),
  ).map(({ events: packed, body }, part) => {
    const received = events.slice(next, next + packed.length).map((event) => event.received);
    next += packed.length;
    return { groupId: key, deduplicationId: deduplicationId({ sourceId, part, events: received }), body };
  });
};

/**
 * Each event goes into exactly one message: a good one into its user's, in the order of the request; a bad one into a
 * record of its own. A bad event never takes a good one down; but when all are bad the request is refused, with the
 * first one's reason, as RudderStack does.
 * @param maxKeys of the request; each is a message at least, and a request of more would not be stored before its deadline
 */
export const planRequest = (
  events: readonly unknown[],
  arrival: Arrival,
  maxKeys = MAX_REQUEST_EVENTS,
): Plan => {
  if (events.length === 0) return { kind: 'refuse', reason: 'empty batch payload' };
  if (events.length > MAX_REQUEST_EVENTS) return { kind: 'refuse', reason: 'request size exceeds max limit' };
  const byKey = new Map<string, Admitted[]>();
  const bad: BadEvent[] = [];
  for (const raw of events) {
    const admission = admit(raw, arrival);
    if (admission.ok) append(byKey, admission.key, admission);
    else bad.push({ raw, reason: admission.reason });
    if (byKey.size > maxKeys) return { kind: 'refuse', reason: TOO_MANY_USERS };
  }
  const [first] = bad;
  if (first !== undefined && byKey.size === 0) return { kind: 'refuse', reason: first.reason };
  const byShard = new Map<string, OutgoingMessage[]>();
  for (const message of rejectedMessages(bad, arrival)) append(byShard, message.groupId, message);
  return {
    kind: 'send',
    lanes: [...[...byKey].map(([key, admitted]) => toLane(key, admitted, arrival)), ...byShard.values()],
    accepted: events.length - bad.length,
    rejected: bad.length,
  };
};
