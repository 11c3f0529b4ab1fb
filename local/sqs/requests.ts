/** The requests of SQS's JSON protocol: their shapes, checked, and turned into this project's own. */
import * as v from 'valibot';
import { invalid, missing } from './errors.ts';
import type { MessageAttributes, SendEntry } from './types.ts';

const text = v.string();
const number = v.number();
const texts = v.array(text);
const stringMap = v.record(text, text);
const queueUrl = v.pipe(text, v.nonEmpty());

const messageAttribute = v.object({
  DataType: text,
  StringValue: v.optional(text),
  BinaryValue: v.optional(text),
});

const message = {
  MessageBody: text,
  DelaySeconds: v.optional(number),
  MessageAttributes: v.optional(v.record(text, messageAttribute), {}),
  MessageSystemAttributes: v.optional(v.record(text, messageAttribute), {}),
  MessageDeduplicationId: v.optional(text),
  MessageGroupId: v.optional(text),
};

const batch = <T extends v.ObjectEntries>(entries: T) =>
  v.object({ QueueUrl: queueUrl, Entries: v.array(v.object({ Id: text, ...entries })) });

export const requests = {
  queue: v.object({ QueueUrl: queueUrl }),
  createQueue: v.object({ QueueName: text, Attributes: v.optional(stringMap, {}) }),
  getQueueUrl: v.object({ QueueName: text }),
  listQueues: v.object({
    QueueNamePrefix: v.optional(text, ''),
    MaxResults: v.optional(number),
    NextToken: v.optional(text, ''),
  }),
  getQueueAttributes: v.object({ QueueUrl: queueUrl, AttributeNames: v.optional(texts, []) }),
  setQueueAttributes: v.object({ QueueUrl: queueUrl, Attributes: stringMap }),
  sendMessage: v.object({ QueueUrl: queueUrl, ...message }),
  sendMessageBatch: batch(message),
  receiveMessage: v.object({
    QueueUrl: queueUrl,
    AttributeNames: v.optional(texts, []),
    MessageSystemAttributeNames: v.optional(texts, []),
    MessageAttributeNames: v.optional(texts, []),
    MaxNumberOfMessages: v.optional(number),
    VisibilityTimeout: v.optional(number),
    WaitTimeSeconds: v.optional(number),
    ReceiveRequestAttemptId: v.optional(text),
  }),
  deleteMessage: v.object({ QueueUrl: queueUrl, ReceiptHandle: text }),
  deleteMessageBatch: batch({ ReceiptHandle: text }),
  changeMessageVisibility: v.object({ QueueUrl: queueUrl, ReceiptHandle: text, VisibilityTimeout: number }),
  changeMessageVisibilityBatch: batch({ ReceiptHandle: text, VisibilityTimeout: number }),
  startMessageMoveTask: v.object({ SourceArn: text, DestinationArn: v.optional(text) }),
  listMessageMoveTasks: v.object({ SourceArn: text, MaxResults: v.optional(number, 1) }),
};

/** @throws SqsError naming the parameter that is missing or wrong */
export const parseRequest = <S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> => {
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'request body';
  throw issue.input === undefined ? missing(path) : invalid(`${path}: ${issue.message}.`);
};

type Attributes = v.InferOutput<typeof requests.sendMessage>['MessageAttributes'];

const toAttributes = (attributes: Attributes): MessageAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
      },
    ]),
  );

const traceHeaderOf = (system: Attributes): string | undefined => {
  const other = Object.keys(system).find((name) => name !== 'AWSTraceHeader');
  if (other !== undefined)
    throw invalid(`MessageSystemAttributes.${other}: only AWSTraceHeader can be set by a sender.`);
  return system['AWSTraceHeader']?.StringValue;
};

/** @throws SqsError if a system attribute is set that a sender cannot set */
export const toSendEntry = (
  input: Omit<v.InferOutput<typeof requests.sendMessage>, 'QueueUrl'>,
): SendEntry => {
  const traceHeader = traceHeaderOf(input.MessageSystemAttributes);
  const attributes = toAttributes(input.MessageAttributes);
  return {
    body: input.MessageBody,
    ...(input.MessageGroupId !== undefined && { groupId: input.MessageGroupId }),
    ...(input.MessageDeduplicationId !== undefined && { deduplicationId: input.MessageDeduplicationId }),
    ...(input.DelaySeconds !== undefined && { delaySeconds: input.DelaySeconds }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(traceHeader !== undefined && { traceHeader }),
  };
};
