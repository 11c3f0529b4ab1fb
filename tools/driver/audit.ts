/**
 * Compares what was sent with what arrived, once all is there. It knows an event by its user and number, not by its id: an SDK makes
 * ids of its own, and a fault that gives an event another one is to be found as well. For events with ids of ours: `ledger.ts`.
 */
import { Order } from './order.ts';
import type { ReceivedEvent } from './receiver.ts';

/** One event as a test sends it. `user` and `seq` are its identity; both travel in the event. */
export interface SentEvent {
  readonly user: string;
  /** Counts a user's events, from 0, in the order of sending. */
  readonly seq: number;
}

export interface Audit {
  /** `user#seq` of events that were sent and never arrived. */
  readonly lost: readonly string[];
  /** Of events that arrived and were never sent. */
  readonly unknown: readonly string[];
  /** Of events that arrived again, with the `messageId` they had before: at least once allows them. */
  readonly duplicates: readonly string[];
  /** Of events that arrived again under another `messageId`: nothing shows that they are the same. */
  readonly renamed: readonly string[];
  /** `user: 3 after 5`. First arrivals alone count. */
  readonly orderViolations: readonly string[];
}

/** What an audit finds when every event came once and in order. */
export const CLEAN: Audit = { lost: [], unknown: [], duplicates: [], renamed: [], orderViolations: [] };

const identityOf = ({ user, seq }: SentEvent): string => `${user}#${seq}`;

const readSent = (event: ReceivedEvent): SentEvent => {
  const { seq } = (event['properties'] ?? {}) as { seq?: unknown };
  return { user: String(event['userId']), seq: Number(seq) };
};

/** @param received in the order of arrival */
export const audit = (sent: readonly SentEvent[], received: readonly ReceivedEvent[]): Audit => {
  const expected = new Set(sent.map(identityOf));
  const messageIds = new Map<string, string>();
  const order = new Order<string>();
  const found = { unknown: [], duplicates: [], renamed: [], orderViolations: [] } as Record<
    keyof Omit<Audit, 'lost'>,
    string[]
  >;
  for (const event of received) {
    const one = readSent(event);
    const identity = identityOf(one);
    const messageId = messageIds.get(identity);
    if (messageId !== undefined) {
      found[messageId === event.messageId ? 'duplicates' : 'renamed'].push(identity);
      continue;
    }
    messageIds.set(identity, event.messageId);
    if (!expected.has(identity)) found.unknown.push(identity);
    const before = order.overtakenBy(one.user, one.seq);
    if (before !== undefined) found.orderViolations.push(`${one.user}: ${one.seq} after ${before}`);
  }
  return { lost: [...expected].filter((identity) => !messageIds.has(identity)), ...found };
};
