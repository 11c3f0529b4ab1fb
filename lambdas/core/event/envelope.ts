/**
 * Envelopes: what the bodies of SQS messages hold. Each carries `v`, so that a later version can still read what an
 * earlier one stored.
 */
import { FORMATS } from '../../../contract/formats.ts';
import { parse, stringify } from '../base/exact-json.ts';
import { isJsonObject, type SluiceEvent } from './event.ts';
import { MAX_MESSAGE_BYTES } from '../base/limits.ts';
import { newerThan } from '../base/newer.ts';
import { byteLength, mostBytes } from '../base/text.ts';

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
  /** Their personal data has been hidden already (`pii` of the destination), as `transformed`. */
  readonly masked?: boolean;
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
export const toMessageBody = (envelope: Envelope): string => acceptable(stringify(envelope));

const REFUSED = /[\uFFFE\uFFFF]/;

/** Valid in a message: see `toMessageBody`. */
export const acceptable = (json: string): string =>
  REFUSED.test(json) ? json.replaceAll(/[\uFFFE\uFFFF]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`) : json;

/** An event's JSON as a message carries it. */
export const toEventText = (event: SluiceEvent): string => acceptable(stringify(event));

const parsed = (body: string): unknown => {
  try {
    return parse(body);
  } catch {
    return undefined;
  }
};

/** `undefined`: not an envelope that this version can read. */
export const parseEnvelope = (body: string): Envelope | undefined => {
  const value = parsed(body);
  if (!isJsonObject(value) || value['v'] !== 1 || typeof value['sourceId'] !== 'string') return undefined;
  if (value['kind'] === 'rejected') return value as unknown as RejectedEnvelope;
  const isEvents = value['kind'] === 'events' && Array.isArray(value['events']);
  return isEvents ? (value as unknown as EventsEnvelope) : undefined;
};

/** The format of an envelope that a later version of Sluice wrote. `undefined`: it is none. */
export const newerEnvelope = (body: string): number | undefined => {
  const value = parsed(body);
  return isJsonObject(value) ? newerThan('envelope', value['v']) : undefined;
};

/**
 * Stands for a message that a later version has parked in a way of its own: the stage sees that it is to be kept. Its number is later than
 * that of every envelope that this version reads, because parked messages and envelopes are counted apart.
 */
export const newerBody = (format: number): string =>
  JSON.stringify({ v: Math.max(format, FORMATS.envelope + 1), kind: 'later' });

type Header = Pick<EventsEnvelope, 'sourceId' | 'receivedAt' | 'transformed' | 'masked' | 'replay'>;

export interface PackedTexts {
  /** Which of the events it has: from the one, up to before the other. */
  readonly from: number;
  readonly to: number;
  readonly body: string;
}

/**
 * Packs each key's events, in order, into as few messages as fit. It takes their texts: see `toEventText`.
 * @param limit bytes of a message; an event that does not fit alone is not for this function (check it first)
 */
export const packer = (
  header: Header,
  limit = MAX_MESSAGE_BYTES,
): ((texts: readonly string[]) => readonly PackedTexts[]) => {
  const empty = toMessageBody({ v: 1, kind: 'events', ...header, events: [] });
  // Before the brackets that close the list and the envelope.
  const head = empty.slice(0, -2);
  return (texts) => {
    const starts = startsOf(texts, empty, limit);
    return starts.map((from, part) => {
      const to = starts[part + 1] ?? texts.length;
      return { from, to, body: `${head}${texts.slice(from, to).join(',')}]}` };
    });
  };
};

/** Which texts are the first ones of their messages. */
const startsOf = (texts: readonly string[], empty: string, limit: number): readonly number[] => {
  const most = texts.reduce((sum, text) => sum + mostBytes(text) + 1, mostBytes(empty));
  // Together they fit, however many bytes their characters take: nothing has to be measured.
  if (most <= limit) return texts.length === 0 ? [] : [0];
  const overhead = byteLength(empty);
  const starts: number[] = [];
  let size = Infinity;
  for (const [i, text] of texts.entries()) {
    // One for the comma.
    const bytes = byteLength(text) + 1;
    if (size + bytes > limit) {
      starts.push(i);
      size = overhead;
    }
    size += bytes;
  }
  return starts;
};

export interface PackedPart {
  readonly events: readonly SluiceEvent[];
  readonly body: string;
}

/** As `packer`, for the events of one key. */
export const pack = (
  header: Header,
  events: readonly SluiceEvent[],
  limit = MAX_MESSAGE_BYTES,
): readonly PackedPart[] =>
  packer(
    header,
    limit,
  )(events.map(toEventText)).map(({ from, to, body }) => ({
    events: events.slice(from, to),
    body,
  }));

/** Bytes of an event as a message carries it. */
export const eventBytes = (event: SluiceEvent): number => byteLength(toEventText(event));
