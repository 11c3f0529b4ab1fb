/** Sends what the router has made of a message's events to the queues of the destinations that take them. */
import { allDone } from '../core/base/all-done.ts';
import { fingerprint } from '../core/event/deduplication-id.ts';
import { eventBytes, pack, type EventsEnvelope } from '../core/event/envelope.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import { MAX_EVENT_BYTES } from '../core/base/limits.ts';
import type { Shown } from '../core/stage/outcome.ts';
import { AccessFault } from '../core/base/faults.ts';
import type { Clock } from '../core/base/clock.ts';
import type { IncomingMessage, OutgoingMessage } from '../core/base/messages.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import { kept, rejectionId } from '../core/event/rejection.ts';

export interface Destination {
  readonly id: string;
  /** Ids of the sources that it takes; undefined: all. */
  readonly sources: readonly string[] | undefined;
  /** Resolves when the destination's queue has taken the message. @throws InfraFault, MessageRefused */
  readonly send: (message: OutgoingMessage) => Promise<void>;
}

export interface FanOutDeps {
  readonly stage: string;
  readonly destinations: readonly Destination[];
  readonly rejections: RejectionStore;
  readonly clock: Clock;
  readonly count: (
    metric: 'EventsRouted' | 'EventsFiltered' | 'EventsRejected' | 'EventsDuplicate',
    events: number,
  ) => void;
}

/** An event, and where in its message it stands. */
export interface Placed {
  readonly event: SluiceEvent;
  readonly place: number;
}

/** What the attempt has shown so far. */
export type Tally = { -readonly [K in keyof Shown]: Shown[K] };

export const fits = (event: SluiceEvent): boolean => eventBytes(event) <= MAX_EVENT_BYTES;
export const tooLarge = (size: number): string =>
  `after the transform the event has ${size} bytes; at most ${MAX_EVENT_BYTES} fit`;

/**
 * @param made of each of `finished`, in order
 * @param shown is added to, also when it throws
 * @returns the events without a rejected output
 */
export const fanOut = async (
  message: IncomingMessage,
  { sourceId, receivedAt }: EventsEnvelope,
  finished: readonly Placed[],
  made: readonly (readonly SluiceEvent[])[],
  deps: FanOutDeps,
  shown: Tally,
): Promise<readonly SluiceEvent[]> => {
  // The user's code made it larger than a queue takes. Trying again would not help, and its neighbours are fine.
  for (const [i, { place }] of finished.entries()) {
    for (const [index, output] of (made[i] ?? []).entries()) {
      if (fits(output)) continue;
      shown.rejection = await keepTooLarge(message, { output, place, index }, { sourceId, receivedAt }, deps);
      shown.rejected += 1;
    }
  }

  const small = made.flat().filter(fits);
  const parts = pack({ sourceId, receivedAt }, small);
  const takers = deps.destinations.filter(({ sources }) => sources?.includes(sourceId) ?? true);
  const outgoing = parts.map(({ body }, i): OutgoingMessage => {
    // The body is part of the id: after a change of the transform the same part may hold other events, which SQS
    // must not take for a duplicate. So is the place: two attempts may make the same of two events of the message.
    const deduplicationId = fingerprint([message.id, finished[0]?.place ?? 0, i, body]);
    return { groupId: message.groupId, deduplicationId, body };
  });
  // Where one fails the others are still waited for: nothing may be under way when the function has answered.
  const sent = await allDone(takers.map((taker) => sendInOrder(taker, outgoing)));
  const byAll = Math.min(parts.length, ...sent.map(({ taken }) => taken));
  const events = parts.slice(0, byAll).reduce((sum, part) => sum + part.events.length, 0);
  if (takers.length > 0) shown.delivered += events;
  const errors = sent.flatMap(({ failed = [] }) => failed);
  // Of several, the one that names what a person has to change.
  if (errors.length > 0) throw errors.find((error) => error instanceof AccessFault) ?? errors[0];

  const filtered = made.filter(({ length }) => length === 0).length;
  shown.filtered += takers.length > 0 ? filtered : filtered + events;
  if (small.length > 0) deps.count('EventsRouted', small.length);
  if (filtered > 0) deps.count('EventsFiltered', filtered);
  return finished.filter((_, i) => made[i]?.every(fits)).map(({ event }) => event);
};

interface Sent {
  /** How many of the messages, from the first on. */
  readonly taken: number;
  /** What the next one failed with. */
  readonly failed?: readonly [unknown];
}

const sendInOrder = async ({ send }: Destination, messages: readonly OutgoingMessage[]): Promise<Sent> => {
  for (const [taken, message] of messages.entries()) {
    try {
      await send(message);
    } catch (error) {
      return { taken, failed: [error] };
    }
  }
  return { taken: messages.length };
};

/** @returns the reason */
const keepTooLarge = async (
  message: IncomingMessage,
  { output, place, index }: { readonly output: SluiceEvent; readonly place: number; readonly index: number },
  { sourceId, receivedAt }: Pick<EventsEnvelope, 'sourceId' | 'receivedAt'>,
  deps: FanOutDeps,
): Promise<string> => {
  const content = kept(JSON.stringify(output));
  const reason = tooLarge(content.size);
  await deps.rejections.save({
    stage: deps.stage,
    id: rejectionId(message, place, index, content),
    at: deps.clock(),
    receivedAt,
    reason,
    sourceId,
    ...content,
  });
  deps.count('EventsRejected', 1);
  return reason;
};
