/** Records of bad events: they travel through the same queue as good ones, to where rejected events are kept. */
import { createHash } from 'node:crypto';
import { ExactNumber, stringify } from '../base/exact-json.ts';
import { fingerprint, lastingContent } from '../event/deduplication-id.ts';
import { toMessageBody, type RejectedEnvelope } from '../event/envelope.ts';
import { isJsonObject } from '../event/event.ts';
import { visibleText } from '../event/id-text.ts';
import {
  isDeeperThan,
  MAX_EVENT_DEPTH,
  UnreadableEvent,
  type Arrival,
  type RejectionReason,
} from './admit.ts';
import { MAX_MESSAGE_BYTES, MAX_REJECTED_BODY_BYTES } from '../base/limits.ts';
import type { OutgoingMessage } from '../base/messages.ts';
import { kept } from '../event/rejection.ts';
import { byteLength } from '../base/text.ts';

/**
 * Up to this many bad events of a request have a record each. Beyond, those of one reason share records: a request can
 * hold thousands of bad events of a few bytes, and a message each would take longer than a request may.
 */
export const MAX_SINGLE_RECORDS = 100;

/** How much is kept of a body that is refused as a whole: enough to tell who sends it, and what is wrong. */
export const MAX_REFUSED_BODY_BYTES = 10 * 1024;

/** Order does not matter here; several groups, so that one source's bad events do not wait for one another. */
const SHARDS = 16;

export interface BadEvent {
  readonly raw: unknown;
  readonly reason: RejectionReason;
}

interface BadText {
  /** JSON, but for an `UnreadableEvent`. */
  readonly json: string;
  readonly isJson: boolean;
  readonly reason: string;
  readonly count: number;
  /** Equal for a retry. Random without a `messageId`: nothing distinguishes a retry from another event that happens to be equal. */
  readonly identity: string;
}

const cutDepth = (value: unknown, limit: number): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value;
  if (limit === 0) return `cut: more than ${MAX_EVENT_DEPTH} levels`;
  if (Array.isArray(value)) return value.map((inner: unknown) => cutDepth(inner, limit - 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cutDepth(inner, limit - 1)]));
};

const toText = ({ raw, reason }: BadEvent, newId: () => string): BadText => {
  if (raw instanceof UnreadableEvent) {
    const identity = raw.text.includes('"messageId"') ? raw.text : newId();
    return { json: raw.text, isJson: false, reason, count: 1, identity };
  }
  const event = isDeeperThan(raw, MAX_EVENT_DEPTH) ? cutDepth(raw, MAX_EVENT_DEPTH) : raw;
  const named =
    isJsonObject(event) && typeof event['messageId'] === 'string' && visibleText(event['messageId']) !== '';
  const identity = named ? lastingContent(event) : newId();
  return { json: stringify(event), isJson: true, reason, count: 1, identity };
};

/** Lists as long as a record holds, of one reason each. */
const share = (texts: readonly BadText[]): readonly BadText[] => {
  const lists: { bytes: number; items: BadText[] }[] = [];
  const open = new Map<string, (typeof lists)[number]>();
  for (const given of texts) {
    // A list of them is JSON in any case.
    const text = given.isJson ? given : { ...given, json: JSON.stringify(given.json), isJson: true };
    const bytes = byteLength(text.json) + 1;
    let list = open.get(text.reason);
    // One for the brackets' second half: a list of n has n - 1 commas and 2 brackets.
    if (list === undefined || list.bytes + bytes + 1 > MAX_REJECTED_BODY_BYTES) {
      list = { bytes: 0, items: [] };
      lists.push(list);
      open.set(text.reason, list);
    }
    list.items.push(text);
    list.bytes += bytes;
  }
  return lists.flatMap(({ items }) => {
    const [first] = items;
    if (first === undefined || items.length === 1) return items;
    return {
      json: `[${items.map(({ json }) => json).join(',')}]`,
      isJson: true,
      reason: first.reason,
      count: items.length,
      identity: fingerprint(items.map(({ identity }) => identity)),
    };
  });
};

const toMessage = (
  text: BadText,
  index: number,
  { sourceId, receivedAt }: Arrival,
  maxBytes = MAX_REJECTED_BODY_BYTES,
): OutgoingMessage => {
  const envelope = (bytes: number): RejectedEnvelope => ({
    v: 1,
    kind: 'rejected',
    sourceId,
    receivedAt: new Date(receivedAt).toISOString(),
    reason: text.reason,
    ...kept(text.json, bytes),
    ...(text.count === 1 ? {} : { count: text.count }),
  });
  let body = toMessageBody(envelope(maxBytes));
  if (byteLength(body) > MAX_MESSAGE_BYTES) {
    // Quoted JSON inside JSON: escapes at most double it. What is not JSON may have control characters, which take six bytes each.
    body = toMessageBody(envelope(maxBytes * (text.isJson ? 0.6 : 0.15)));
  }
  const deduplicationId = fingerprint(['rejected', sourceId, index, text.identity]);
  // From the same id: a retry is recognized only within its group.
  const shard = createHash('sha256').update(deduplicationId).digest().readUInt8(0) % SHARDS;
  return { groupId: `rejected#${sourceId}#${shard}`, deduplicationId, body };
};

/** One message for each bad event; for each list of them when they are many. */
export const rejectedMessages = (bad: readonly BadEvent[], arrival: Arrival): readonly OutgoingMessage[] => {
  const texts = bad.map((event) => toText(event, arrival.newId));
  return (texts.length > MAX_SINGLE_RECORDS ? share(texts) : texts).map((text, index) =>
    toMessage(text, index, arrival),
  );
};

/** The record of a request whose body is refused as a whole; `reason` is the answer's text. */
export const refusedBody = (body: string, reason: string, arrival: Arrival): OutgoingMessage => {
  const identity = fingerprint(['refused', body]);
  const text = { json: body, isJson: false, reason: `request refused: ${reason}`, count: 1, identity };
  return toMessage(text, 0, arrival, MAX_REFUSED_BODY_BYTES);
};
