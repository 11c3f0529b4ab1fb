/** What a mapping of SQS invokes a function with, and what it takes for an answer. */
import { InfraFault } from '../core/base/faults.ts';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { IncomingMessage } from '../core/base/messages.ts';

/** @throws Error when it is an event of something else */
export const recordsOf = (event: unknown): readonly SQSRecord[] => {
  const records = (event as Partial<SQSEvent> | null)?.Records;
  if (Array.isArray(records)) return records;
  throw new InfraFault('invoked with neither an event of SQS nor a command of control');
};

export const toMessage = ({ messageId, receiptHandle, body, attributes }: SQSRecord): IncomingMessage => {
  const receiveCount = Number(attributes.ApproximateReceiveCount);
  return {
    id: messageId,
    receiptHandle,
    body,
    groupId: attributes.MessageGroupId ?? '',
    sequenceNumber: attributes.SequenceNumber ?? '',
    receiveCount,
    sentAt: Number(attributes.SentTimestamp),
    ...(receiveCount === 1 ? { receivedAt: Number(attributes.ApproximateFirstReceiveTimestamp) } : {}),
  };
};

/** @param failed ids of the messages that the queue must keep */
export const toResponse = (failed: readonly string[]): SQSBatchResponse => ({
  batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })),
});
