/** The messages that a destination's queue gets of one message's events, and where to continue when it took only some. Pure. */
import { fingerprint } from '../core/event/deduplication-id.ts';
import { pack, toMessageBody, type EventsEnvelope } from '../core/event/envelope.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import { MAX_EVENT_BYTES } from '../core/base/limits.ts';
import type { IncomingMessage, OutgoingMessage } from '../core/base/messages.ts';
import { isLongerThan } from '../core/base/text.ts';

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
    const message = outgoing({ groupId, deduplicationId, body }, header, events, withheld);
    parts.push({ message, outputs: events.length, resumeAt });
    first += events.length;
  }
  return parts;
};

type Header = Pick<EventsEnvelope, 'sourceId' | 'receivedAt'>;

/** @param whole the message with all events @returns it without those that the destination does not get */
const outgoing = (
  whole: OutgoingMessage,
  { sourceId, receivedAt }: Header,
  events: readonly SluiceEvent[],
  withheld: ReadonlySet<SluiceEvent>,
): OutgoingMessage | undefined => {
  if (withheld.size === 0) return whole;
  const sent = events.filter((event) => !withheld.has(event));
  if (sent.length === events.length) return whole;
  const envelope = { v: 1, kind: 'events', sourceId, receivedAt, events: sent } as const;
  return sent.length === 0 ? undefined : { ...whole, body: toMessageBody(envelope) };
};

/**
 * Can the message's own text be handed on, when all of its events are? It has nothing that a destination's queue must not get (that an
 * operator sends it again, or what a later version adds), and none of its events is too large.
 */
export const isPlain = ({ body }: Pick<IncomingMessage, 'body'>, envelope: EventsEnvelope): boolean =>
  Object.keys(envelope).every((name) => PLAIN.has(name)) && !isLongerThan(body, MAX_EVENT_BYTES);

const PLAIN: ReadonlySet<string> = new Set(['v', 'kind', 'sourceId', 'receivedAt', 'events']);

/** The message itself, for every queue that gets all of it; named as `layOut` names a part. */
export const asItCame = ({
  id,
  groupId,
  body,
}: Pick<IncomingMessage, 'id' | 'groupId' | 'body'>): OutgoingMessage => ({
  groupId,
  deduplicationId: fingerprint([id, 0, 0, body]),
  body,
});

/** As `layOut`, of a message whose events all stayed as they are: its text is neither written again nor measured. */
export const handOn = (
  whole: OutgoingMessage,
  envelope: Header,
  made: readonly Made[],
  withheld: ReadonlySet<SluiceEvent>,
): readonly Part[] => {
  if (made.length === 0) return [];
  const events = made.map(({ output }) => output);
  return [{ message: outgoing(whole, envelope, events, withheld), outputs: made.length, resumeAt: 0 }];
};
