/**
 * An event's stamps, and its text with them. Of ingest's time most goes into JSON, so that an event is written once: what is hashed and what
 * is sent are cut from and appended to the same text.
 */
import { stringify } from '../base/exact-json.ts';
import { lastingContent } from '../event/deduplication-id.ts';
import { acceptable, toEventText } from '../event/envelope.ts';
import type { Json, JsonObject, SluiceEvent } from '../event/event.ts';
import type { Times } from './times.ts';

export interface Stamps extends Times {
  readonly rudderId: string;
  /** These two only where the event has none. */
  readonly receivedAt: Json;
  readonly request_ip: Json;
}

export interface EventTexts {
  /** The event with its stamps, as a message carries it: see `toEventText`. */
  readonly text: string;
  /** The `lastingContent` of the event as it was received, by which a retry is recognized. */
  readonly lasting: string;
}

/** In the order in which an event has those that it came without. */
const NAMES = ['rudderId', 'receivedAt', 'request_ip', 'originalTimestamp', 'sentAt', 'timestamp'] as const;

/**
 * The fields that the event lacks, as JSON, each behind a comma.
 * @returns undefined: a field that it has becomes another one, and keeps its place
 */
const lacking = (event: JsonObject, stamps: Stamps): string | undefined => {
  let fields = '';
  for (const name of NAMES) {
    const given = event[name];
    const stamp = stamps[name];
    if (given === stamp) continue;
    if (given !== undefined) return undefined;
    // The others are of hexadecimal digits, or times, and have nothing to escape.
    const isOurs = typeof stamp === 'string' && name !== 'request_ip';
    const json = isOurs ? `"${stamp}"` : JSON.stringify(stamp);
    fields += `,"${name}":${json}`;
  }
  return fields;
};

const SENT_AT = '"sentAt":';

/**
 * The event's `lastingContent`, cut from its JSON. Within a text quotes are escaped, so that what is found behind a comma is the name of a
 * field, and otherwise may be the end of one. At the end of the JSON, or found once, it is the event's own.
 */
const cutLasting = (event: SluiceEvent, json: string): string => {
  if (event['_metadata'] !== undefined) return lastingContent(event);
  const { sentAt } = event;
  if (sentAt === undefined) return json;
  const field = SENT_AT + stringify(sentAt);
  // Where SDKs put it, which set it last.
  if (json.endsWith(`,${field}}`)) return `${json.slice(0, -field.length - 2)}}`;
  const start = json.indexOf(SENT_AT);
  if (json.includes(SENT_AT, start + 1)) return lastingContent(event);
  const end = start + field.length;
  // With the comma behind it: it is not the last one.
  return json.slice(0, start) + json.slice(end + 1);
};

/** @param event as it was received, with its `messageId` */
export const writeEvent = (event: SluiceEvent, stamps: Stamps): EventTexts => {
  const fields = lacking(event, stamps);
  if (fields === undefined) {
    return { text: toEventText({ ...event, ...stamps }), lasting: lastingContent(event) };
  }
  const json = stringify(event);
  return { text: `${acceptable(json).slice(0, -1)}${acceptable(fields)}}`, lasting: cutLasting(event, json) };
};
