/** The records of events that a destination will not get. */
import { createHash } from 'node:crypto';
import type { EventsEnvelope } from '../core/envelope.ts';
import { byteLength } from '../core/envelope.ts';
import type { IncomingMessage, Rejection } from '../core/ports.ts';
import { cut, type RefusalAnswer } from './answer.ts';
import type { Output } from './plan.ts';

/** Bytes of an event that are kept: the record is a DynamoDB item, of at most 400 KB. */
const KEPT_EVENT_BYTES = 200 * 1024;

const content = (text: string): Pick<Rejection, 'body' | 'sha256' | 'size'> => ({
  body: cut(text, KEPT_EVENT_BYTES),
  sha256: createHash('sha256').update(text).digest('hex'),
  size: byteLength(text),
});

export interface Refusal {
  readonly reason: string;
  readonly answer?: RefusalAnswer;
}

/**
 * The record of one event that was refused. Its id follows from the event's place in the message, so that the retry of
 * a message whose progress was lost writes the same record.
 * @param at milliseconds since 1970
 */
export const refusedEvent = (
  stage: string,
  message: IncomingMessage,
  { sourceId, receivedAt }: EventsEnvelope,
  output: Output,
  { reason, answer }: Refusal,
  at: number,
): Rejection => ({
  id: `${message.id}:${output.event}:${output.index}`,
  stage,
  receivedAt,
  at,
  reason,
  sourceId,
  ...content(JSON.stringify(output.content)),
  ...(answer === undefined ? {} : { answer }),
});

/** The record of a message of which no event can be read. @param at milliseconds since 1970 */
export const unreadableMessage = (stage: string, message: IncomingMessage, at: number): Rejection => ({
  id: message.id,
  stage,
  receivedAt: new Date(message.sentAt).toISOString(),
  at,
  reason: 'the message is not an envelope of events that this version can read',
  sourceId: 'unknown',
  ...content(message.body),
});
