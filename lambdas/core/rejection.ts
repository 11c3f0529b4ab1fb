/** What the records of rejected events have in common. */
import { createHash } from 'node:crypto';
import { MAX_REJECTED_BODY_BYTES } from './limits.ts';
import type { IncomingMessage, Rejection } from './ports.ts';
import { byteLength, cut } from './text.ts';

/** What is kept of an event's JSON: its beginning, and enough to recognize the whole by. */
export const kept = (
  json: string,
  bytes = MAX_REJECTED_BODY_BYTES,
): Pick<Rejection, 'body' | 'sha256' | 'size'> => ({
  body: cut(json, bytes),
  sha256: createHash('sha256').update(json).digest('hex'),
  size: byteLength(json),
});

/** The record of a message of which no event can be read. @param at milliseconds since 1970 */
export const unreadableMessage = (stage: string, message: IncomingMessage, at: number): Rejection => ({
  id: message.id,
  stage,
  receivedAt: new Date(message.sentAt).toISOString(),
  at,
  reason: 'the message is not an envelope of events that this version can read',
  sourceId: 'unknown',
  ...kept(message.body),
});
