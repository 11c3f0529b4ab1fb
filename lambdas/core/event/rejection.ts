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
