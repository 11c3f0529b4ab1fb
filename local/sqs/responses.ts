/** The answers of SQS's JSON protocol. */
import { md5, md5OfAttributes } from './digest.ts';
import type { BatchResult, MessageAttributes, MoveTask, ReceivedMessage, SendEntry, Sent } from './types.ts';

/** What `SenderId` says; there are no callers with names here. */
const SENDER_ID = 'LOCALSENDER';

/** What the answer to a send says of a message, checksums included; undefined fields disappear in JSON. */
export const sentResponse = (entry: SendEntry, sent: Sent): object => ({
  MessageId: sent.messageId,
  MD5OfMessageBody: md5(entry.body),
  MD5OfMessageAttributes: md5OfAttributes(entry.attributes ?? {}),
  MD5OfMessageSystemAttributes:
    entry.traceHeader === undefined
      ? undefined
      : md5OfAttributes({ AWSTraceHeader: { dataType: 'String', stringValue: entry.traceHeader } }),
  SequenceNumber: sent.sequenceNumber,
});

export const batchResponse = <T>(
  { successful, failed }: BatchResult<T>,
  render: (result: T & { readonly id: string }) => object,
): object => ({
  Successful: successful.map((result) => ({ Id: result.id, ...render(result) })),
  Failed: failed.map(({ id, code, message, senderFault }) => ({
    Id: id,
    Code: code,
    Message: message,
    SenderFault: senderFault,
  })),
});

/** By SQS's names; those that a message does not have are undefined. */
export const systemAttributes = (message: ReceivedMessage): Readonly<Record<string, string | undefined>> => ({
  SenderId: SENDER_ID,
  SentTimestamp: String(message.sentAt),
  ApproximateReceiveCount: String(message.receiveCount),
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  SequenceNumber: message.sequenceNumber,
  MessageGroupId: message.groupId,
  MessageDeduplicationId: message.deduplicationId,
  AWSTraceHeader: message.traceHeader,
  DeadLetterQueueSourceArn: message.deadLetterSourceArn,
});

/** `All` and `.*` take every attribute, `name.*` those that begin with `name`. */
const isWanted = (name: string, wanted: readonly string[]): boolean =>
  wanted.some((pattern) =>
    pattern === 'All' || pattern === '.*'
      ? true
      : pattern.endsWith('.*')
        ? name.startsWith(pattern.slice(0, -2))
        : name === pattern,
  );

const pick = <T>(entries: Readonly<Record<string, T | undefined>>, wanted: readonly string[]) => {
  const picked = Object.entries(entries).filter(
    (entry): entry is [string, T & {}] => entry[1] !== undefined && isWanted(entry[0], wanted),
  );
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
};

const renderAttributes = (attributes: MessageAttributes) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue },
    ]),
  );

/** @param wanted names of the attributes that the caller asked for */
export const messageResponse = (
  message: ReceivedMessage,
  wanted: { readonly system: readonly string[]; readonly message: readonly string[] },
): object => {
  const attributes = pick(message.attributes, wanted.message);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    Attributes: pick(systemAttributes(message), wanted.system),
    MessageAttributes: attributes && renderAttributes(attributes),
    MD5OfMessageAttributes: attributes && md5OfAttributes(attributes),
  };
};

export const moveTaskResponse = (task: MoveTask): object => ({
  TaskHandle: task.taskHandle,
  Status: 'COMPLETED',
  SourceArn: task.sourceArn,
  DestinationArn: task.destinationArn,
  ApproximateNumberOfMessagesMoved: task.moved,
  ApproximateNumberOfMessagesToMove: task.moved + task.left,
  StartedTimestamp: task.startedAt,
});
