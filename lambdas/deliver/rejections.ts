/** The records of events that a destination will not get. */
import type { EventsEnvelope } from '../core/envelope.ts';
import type { IncomingMessage, Rejection } from '../core/ports.ts';
import { kept } from '../core/rejection.ts';
import type { RefusalAnswer } from './answer.ts';
import type { Output } from './plan.ts';

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
  key: message.groupId,
  transformed: true,
  ...kept(JSON.stringify(output.content)),
  ...(answer === undefined ? {} : { answer }),
});
