/** Which messages of a user are sent as one: see "Units" in `docs/parking.md`. */
import { MAX_MESSAGE_BYTES } from '../core/base/limits.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import { byteLength } from '../core/base/text.ts';
import { parseEnvelope, type EventsEnvelope } from '../core/event/envelope.ts';

export interface Readable {
  readonly message: IncomingMessage;
  readonly envelope: EventsEnvelope;
}

const isAlike = (one: EventsEnvelope, other: EventsEnvelope): boolean =>
  one.sourceId === other.sourceId && one.transformed === other.transformed && one.masked === other.masked;

/**
 * The first of the messages, and as many of the next ones as one packed message could stand for: they have no more events than a
 * request takes, no more bytes than a message may have, one source, and all are transformed, or none.
 * @param batch the most events of a request
 * @returns none if the first cannot be read
 */
export const unitOf = (messages: readonly IncomingMessage[], batch: number): readonly Readable[] => {
  const unit: Readable[] = [];
  let [events, bytes] = [0, 0];
  for (const message of messages) {
    const envelope = parseEnvelope(message.body);
    if (envelope?.kind !== 'events') break;
    events += envelope.events.length;
    bytes += byteLength(message.body);
    const first = unit[0]?.envelope ?? envelope;
    const isFull = unit.length > 0 && (events > batch || bytes > MAX_MESSAGE_BYTES);
    if (isFull || !isAlike(first, envelope)) break;
    unit.push({ message, envelope });
  }
  return unit;
};
