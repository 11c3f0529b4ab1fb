/** The records of events that a destination will not get. */
import { stringify } from '../core/base/exact-json.ts';
import type { EventsEnvelope } from '../core/event/envelope.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { Rejection } from '../core/event/ports.ts';
import { kept, rejectionId } from '../core/event/rejection.ts';
import type { RefusalAnswer } from './destinations/sender.ts';
import type { Output } from './plan.ts';

export interface Refusal {
  readonly reason: string;
  readonly answer?: RefusalAnswer;
  readonly unsent?: true;
}

/**
 * The record of one event that was refused.
 * @param at milliseconds since 1970
 * @param masks whether the destination has a mask, so that what it was sent has been through it
 */
export const refusedEvent = (
  stage: string,
  message: IncomingMessage,
  { sourceId, receivedAt, masked }: EventsEnvelope,
  output: Output,
  { reason, answer }: Refusal,
  at: number,
  masks = false,
): Rejection => {
  const content = kept(stringify(output.content));
  return {
    id: rejectionId(message, output.event, output.index, content),
    stage,
    receivedAt,
    at,
    reason,
    sourceId,
    key: message.groupId,
    transformed: true,
    ...(masks || masked === true ? { masked: true } : {}),
    ...content,
    ...(answer === undefined ? {} : { answer }),
  };
};
