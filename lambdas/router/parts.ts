/** The messages that a destination's queue gets of one message's events, and where to continue when it took only some. Pure. */
import { fingerprint } from '../core/event/deduplication-id.ts';
import { pack, toMessageBody, type EventsEnvelope } from '../core/event/envelope.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import type { IncomingMessage, OutgoingMessage } from '../core/base/messages.ts';

/** What the transform has made of the event at that place of the message. */
export interface Made {
  readonly accepted: SluiceEvent;
  readonly output: SluiceEvent;
  readonly place: number;
}

export interface Part {
  /** Undefined: the destination does not get any of it. */
  readonly message: OutgoingMessage | undefined;
  /** With those that the destination does not get. */
  readonly outputs: number;
  /** The place from which the next attempt continues when this part is the first that was not taken. */
  readonly resumeAt: number;
}

/**
 * The outputs of one event may lie in two parts. The next attempt then continues at the last part that begins with an event: from
 * there on it makes the same parts with the same ids, and SQS drops those that it has taken in the last five minutes.
 *
 * Outputs that the destination does not get are left out of the bodies, but not of the parts and their ids: a deployment with other
 * rules between two attempts sends no event twice.
 */
export const layOut = (
  { id, groupId }: Pick<IncomingMessage, 'id' | 'groupId'>,
  { sourceId, receivedAt }: Pick<EventsEnvelope, 'sourceId' | 'receivedAt'>,
  made: readonly Made[],
  withheld: ReadonlySet<SluiceEvent>,
): readonly Part[] => {
  const header = { sourceId, receivedAt };
  const packed = pack(
    header,
    made.map(({ output }) => output),
  );
  const parts: Part[] = [];
  let first = 0;
  let ofPlace = 0;
  let resumeAt = 0;
  for (const { events, body } of packed) {
    const place = made[first]?.place ?? 0;
    const beginsEvent = made[first - 1]?.place !== place;
    if (beginsEvent) resumeAt = place;
    ofPlace = beginsEvent ? 0 : ofPlace + 1;
    // The body is part of the id: after a change of the transform the same part may hold other events, which SQS must not take
    // for a duplicate. So is the place: two attempts may make the same of two events of the message.
    const deduplicationId = fingerprint([id, place, ofPlace, body]);
    const sent = events.filter((event) => !withheld.has(event));
    const sentBody =
      sent.length === events.length ? body : toMessageBody({ v: 1, kind: 'events', ...header, events: sent });
    const message = sent.length === 0 ? undefined : { groupId, deduplicationId, body: sentBody };
    parts.push({ message, outputs: events.length, resumeAt });
    first += events.length;
  }
  return parts;
};
