/** Messages of two users, and what last words keep of them. */
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { message } from '../support/fakes.ts';

/** Until when the messages stay hidden; milliseconds since 1970. */
export const UNTIL = 1_795_390_000_000;

export const [a1, a2, b1] = [
  message('a1', 'ann', { body: 'content', sequenceNumber: '18', receiveCount: 2, sentAt: 7 }),
  message('a2', 'ann', { sequenceNumber: '19' }),
  message('b1', 'bob ä€', { sequenceNumber: '20' }),
] as [IncomingMessage, IncomingMessage, IncomingMessage];
const heldOf = ({ id, receiptHandle, groupId, sequenceNumber, receiveCount, sentAt }: IncomingMessage) => ({
  id,
  receiptHandle,
  groupId,
  sequenceNumber,
  receiveCount,
  sentAt,
});
export const held = (...messages: IncomingMessage[]) => messages.map(heldOf);
