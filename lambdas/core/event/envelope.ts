/**
 * Envelopes: what the bodies of SQS messages hold. Each carries `v`, so that a later version can still read what an
 * earlier one stored.
 */
import { parse, stringify } from '../base/exact-json.ts';
import { isJsonObject, type SluiceEvent } from './event.ts';
import { MAX_MESSAGE_BYTES } from '../base/limits.ts';
import { byteLength } from '../base/text.ts';

/** A packed message: events of one order key, in order. */
export interface EventsEnvelope {
  readonly v: 1;
  readonly kind: 'events';
  readonly sourceId: string;
  /** When ingest accepted them; ISO 8601. */
  readonly receivedAt: string;
  readonly events: readonly SluiceEvent[];
  /** They have been through the destination's transform already: an operator sends what the destination refused again. */
  readonly transformed?: boolean;
  /** An operator sends them again: the router must not take them for repetitions. */
  readonly replay?: boolean;
}

/** An event that ingest could not take, on its way to where rejected events are kept. */
export interface RejectedEnvelope {
  readonly v: 1;
  readonly kind: 'rejected';
  readonly sourceId: string;
  readonly receivedAt: string;
  readonly reason: string;
  /** Bytes of the event as it came. */
  readonly size: number;
  /** SHA-256 of the event's JSON, hex. */
  readonly sha256: string;
  /** The event's JSON, cut at 200 KB. */
  readonly body: string;
  /** Set when a request had more bad events than get a record each, so that they share records: `body` is a list of this many. */
  readonly count?: number;
}

export type Envelope = EventsEnvelope | RejectedEnvelope;

/**
 * JSON that SQS accepts: it refuses U+FFFE and U+FFFF, which JSON may hold unescaped. (Control characters and lone
 * surrogates are escaped by `JSON.stringify`.) Numbers keep the digits with which they were sent.
 */
export const toMessageBody = (envelope: Envelope): string =>
  stringify(envelope).replace(/[\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

/** `undefined`: not an envelope that this version can read. */
export const parseEnvelope = (body: string): Envelope | undefined => {
  let value: unknown;
  try {
    value = parse(body);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || value['v'] !== 1 || typeof value['sourceId'] !== 'string') return undefined;
  if (value['kind'] === 'rejected') return value as unknown as RejectedEnvelope;
  const isEvents = value['kind'] === 'events' && Array.isArray(value['events']);
  return isEvents ? (value as unknown as EventsEnvelope) : undefined;
};

export interface PackedPart {
  readonly events: readonly SluiceEvent[];
  readonly body: string;
}

/**
 * Packs one key's events, in order, into as few messages as fit.
 * @param limit bytes of a message; an event that does not fit alone is not for this function (check it first)
 */
export const pack = (
  header: Pick<EventsEnvelope, 'sourceId' | 'receivedAt' | 'transformed' | 'replay'>,
  events: readonly SluiceEvent[],
  limit = MAX_MESSAGE_BYTES,
): readonly PackedPart[] => {
  const envelope = (part: readonly SluiceEvent[]): EventsEnvelope => ({
    v: 1,
    kind: 'events',
    ...header,
    events: part,
  });
  const overhead = byteLength(toMessageBody(envelope([])));
  const parts: SluiceEvent[][] = [];
  let size = Infinity;
  for (const event of events) {
    // One for the comma. Measured as it will be sent, escapes included.
    const bytes = eventBytes(event) + 1;
    if (size + bytes > limit) {
      parts.push([]);
      size = overhead;
    }
    parts.at(-1)?.push(event);
    size += bytes;
  }
  return parts.map((part) => ({ events: part, body: toMessageBody(envelope(part)) }));
};

/** Bytes of an event as a message carries it. */
export const eventBytes = (event: SluiceEvent): number => {
  const json = stringify(event);
  // Each of the two characters that `toMessageBody` escapes grows from 3 bytes to 6.
  return byteLength(json) + 3 * (json.match(/[\uFFFE\uFFFF]/g)?.length ?? 0);
};
