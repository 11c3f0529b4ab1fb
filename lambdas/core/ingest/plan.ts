/** From the events of one request to the messages to send. */
import { append } from '../base/append.ts';
import { deduplicationIdOf } from '../event/deduplication-id.ts';
import { packer } from '../event/envelope.ts';
import { admitter, type Admitted, type Arrival, type RejectionReason } from './admit.ts';
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

const lanesOf = (byKey: ReadonlyMap<string, readonly Admitted[]>, arrival: Arrival): readonly Lane[] => {
  const { sourceId } = arrival;
  const pack = packer({ sourceId, receivedAt: new Date(arrival.receivedAt).toISOString() });
  return [...byKey].map(([groupId, events]) =>
    pack(events.map(({ text }) => text)).map(({ from, to, body }, part) => {
      const contents = events.slice(from, to).map(({ lasting }) => lasting);
      return { groupId, deduplicationId: deduplicationIdOf({ sourceId, part }, contents), body };
    }),
  );
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
  const admit = admitter(arrival);
  for (const raw of events) {
    const admission = admit(raw);
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
    lanes: [...lanesOf(byKey, arrival), ...byShard.values()],
    accepted: events.length - bad.length,
    rejected: bad.length,
  };
};
