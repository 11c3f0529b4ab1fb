/** What the records of rejected events have in common. */
import { createHash } from 'node:crypto';
import { MAX_REJECTED_BODY_BYTES } from '../base/limits.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { Rejection } from './ports.ts';
import { byteLength, cut } from '../base/text.ts';

/** What is kept of an event's JSON: its beginning, and enough to recognize the whole by. */
export const kept = (
  json: string,
  bytes = MAX_REJECTED_BODY_BYTES,
): Pick<Rejection, 'body' | 'sha256' | 'size'> => ({
  body: cut(json, bytes),
  sha256: createHash('sha256').update(json).digest('hex'),
  size: byteLength(json),
});

/**
 * Names the record of one output of one event of a message. It follows from the place and the content, so that the retry of a
 * message whose progress was lost writes the same record; and so that no record takes the place of another, although a
 * transform may make something else in that place the next time. Its length is bounded, unlike that of an event's own id.
 */
export const rejectionId = (
  { id }: Pick<IncomingMessage, 'id'>,
  event: number,
  output: number,
  { sha256 }: Pick<Rejection, 'sha256'>,
): string => `${id}:${event}:${output}:${sha256.slice(0, 16)}`;

/** Bytes of a place: DynamoDB's limit of a sort key. */
const MAX_PLACE_BYTES = 1_024;

/** Bytes of the time in a place that has a hash: more than an ISO 8601 time has. */
const MAX_TIME_BYTES = 64;

/**
 * Where a record stands in the list of its stage. The time of acceptance comes first, so that records are in its order; then the id, or a
 * hash where both together are too long: an id may have been taken from an event. Places are compared by their bytes, as DynamoDB does.
 */
export const placeOf = ({ receivedAt, id }: Pick<Rejection, 'receivedAt' | 'id'>): string => {
  const name = `${receivedAt}#${id}`;
  if (byteLength(name) <= MAX_PLACE_BYTES) return name;
  const hash = createHash('sha256').update(name).digest('hex');
  return `${cut(receivedAt, MAX_TIME_BYTES)}#sha256:${hash}`;
};

/** The record of a message in which no event can be read. @param at milliseconds since 1970 */
export const unreadableMessage = (stage: string, message: IncomingMessage, at: number): Rejection => ({
  id: message.id,
  stage,
  receivedAt: new Date(message.sentAt).toISOString(),
  at,
  reason: 'the message is not an envelope of events that this version can read',
  sourceId: 'unknown',
  ...kept(message.body),
});
