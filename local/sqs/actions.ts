/** The actions of SQS's JSON protocol, from a request's body to its answer's. */
import type * as v from 'valibot';
import { SqsError } from './errors.ts';
import { parseRequest, requests, toSendEntry } from './requests.ts';
import { batchResponse, messageResponse, moveTaskResponse, sentResponse } from './responses.ts';
import { queueName, type SqsService } from './service.ts';

export interface Call {
  readonly service: SqsService;
  readonly input: unknown;
  /** The URL of a queue as the caller can reach it. */
  readonly urlOf: (queue: string) => string;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

type Action = (call: Call) => Promise<object>;

const action =
  <S extends v.GenericSchema>(
    schema: S,
    run: (input: v.InferOutput<S>, call: Call) => Promise<object>,
  ): Action =>
  (call) =>
    run(parseRequest(schema, call.input), call);

const EMPTY = {};
const MAX_LISTED = 1000;

const sendMessage = action(requests.sendMessage, async (input, { service }) => {
  const entry = toSendEntry(input);
  return sentResponse(entry, await service.send(input.QueueUrl, entry));
});

const sendMessageBatch = action(requests.sendMessageBatch, async ({ QueueUrl, Entries }, { service }) => {
  const entries = Entries.map((entry) => ({ id: entry.Id, ...toSendEntry(entry) }));
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const result = await service.sendBatch(QueueUrl, entries);
  return batchResponse(result, (sent) => sentResponse(byId.get(sent.id) ?? { body: '' }, sent));
});

const receiveMessage = action(requests.receiveMessage, async (input, { service, signal }) => {
  const messages = await service.receive({
    queue: input.QueueUrl,
    signal,
    ...(input.MaxNumberOfMessages !== undefined && { maxMessages: input.MaxNumberOfMessages }),
    ...(input.VisibilityTimeout !== undefined && { visibilityTimeout: input.VisibilityTimeout }),
    ...(input.WaitTimeSeconds !== undefined && { waitSeconds: input.WaitTimeSeconds }),
    ...(input.ReceiveRequestAttemptId !== undefined && { attemptId: input.ReceiveRequestAttemptId }),
  });
  if (messages.length === 0) return EMPTY;
  const system = [...input.MessageSystemAttributeNames, ...input.AttributeNames];
  const wanted = { system, message: input.MessageAttributeNames };
  return { Messages: messages.map((message) => messageResponse(message, wanted)) };
});

const getQueueAttributes = action(requests.getQueueAttributes, async (input, { service }) => {
  const attributes = await service.getQueueAttributes(input.QueueUrl);
  if (input.AttributeNames.includes('All')) return { Attributes: attributes };
  const wanted = Object.entries(attributes).filter(([name]) => input.AttributeNames.includes(name));
  return wanted.length === 0 ? EMPTY : { Attributes: Object.fromEntries(wanted) };
});

const listQueues = action(requests.listQueues, async (input, { service, urlOf }) => {
  const { QueueNamePrefix, MaxResults = MAX_LISTED, NextToken } = input;
  const all = (await service.listQueues(QueueNamePrefix)).filter((name) => name > NextToken);
  const page = all.slice(0, MaxResults);
  return { QueueUrls: page.map(urlOf), ...(page.length < all.length && { NextToken: page.at(-1) }) };
});

const handleOf = ({ Id, ReceiptHandle }: { Id: string; ReceiptHandle: string }) => ({
  id: Id,
  receiptHandle: ReceiptHandle,
});

const ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
  GetQueueAttributes: getQueueAttributes,
  ListQueues: listQueues,
  DeleteMessage: action(requests.deleteMessage, async (input, { service }) => {
    await service.delete(input.QueueUrl, input.ReceiptHandle);
    return EMPTY;
  }),
  DeleteMessageBatch: action(requests.deleteMessageBatch, async ({ QueueUrl, Entries }, { service }) =>
    batchResponse(await service.deleteBatch(QueueUrl, Entries.map(handleOf)), () => EMPTY),
  ),
  ChangeMessageVisibility: action(requests.changeMessageVisibility, async (input, { service }) => {
    await service.changeVisibility(input.QueueUrl, input.ReceiptHandle, input.VisibilityTimeout);
    return EMPTY;
  }),
  ChangeMessageVisibilityBatch: action(
    requests.changeMessageVisibilityBatch,
    async ({ QueueUrl, Entries }, { service }) => {
      const entries = Entries.map((entry) => ({ ...handleOf(entry), seconds: entry.VisibilityTimeout }));
      return batchResponse(await service.changeVisibilityBatch(QueueUrl, entries), () => EMPTY);
    },
  ),
  CreateQueue: action(requests.createQueue, async ({ QueueName, Attributes }, { service, urlOf }) => {
    await service.createQueue(QueueName, Attributes);
    return { QueueUrl: urlOf(QueueName) };
  }),
  DeleteQueue: action(requests.queue, async ({ QueueUrl }, { service }) => {
    await service.deleteQueue(QueueUrl);
    return EMPTY;
  }),
  GetQueueUrl: action(requests.getQueueUrl, async ({ QueueName }, { service, urlOf }) => {
    const arn = await service.queueArn(QueueName);
    return { QueueUrl: urlOf(queueName(arn)) };
  }),
  SetQueueAttributes: action(requests.setQueueAttributes, async (input, { service }) => {
    await service.setQueueAttributes(input.QueueUrl, input.Attributes);
    return EMPTY;
  }),
  PurgeQueue: action(requests.queue, async ({ QueueUrl }, { service }) => {
    await service.purgeQueue(QueueUrl);
    return EMPTY;
  }),
  ListDeadLetterSourceQueues: action(requests.queue, async ({ QueueUrl }, { service, urlOf }) => ({
    queueUrls: (await service.listDeadLetterSourceQueues(QueueUrl)).map(urlOf),
  })),
  StartMessageMoveTask: action(requests.startMessageMoveTask, async (input, { service }) => {
    const { taskHandle } = await service.startMessageMoveTask(input.SourceArn, input.DestinationArn);
    return { TaskHandle: taskHandle };
  }),
  ListMessageMoveTasks: action(
    requests.listMessageMoveTasks,
    async ({ SourceArn, MaxResults }, { service }) => ({
      Results: (await service.listMessageMoveTasks(SourceArn)).slice(0, MaxResults).map(moveTaskResponse),
    }),
  ),
};

/** @throws SqsError */
export const perform = (name: string, call: Call): Promise<object> => {
  const run = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (run === undefined)
    throw new SqsError('UnsupportedOperation', `The local SQS does not know the action "${name}".`);
  return run(call);
};
