/** The queues of SQS, with the credentials of who runs the command. */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { awsFailure } from '../aws-errors.ts';
import { CommandFailure } from '../failure.ts';
import type { Held, Queues } from './move.ts';

/** The most that SQS gives in a receive, and takes in a batch. */
const BATCH = 10;
/** SQS waits for a message before it says that there is none, and asks all its servers. */
const WAIT_SECONDS = 2;
/** Seconds in which what was received is sent and deleted. */
const VISIBILITY = 60;

/** @throws CommandFailure */
const calling = <Value>(action: string, queue: string, call: () => Promise<Value>): Promise<Value> =>
  call().catch((error: unknown) => {
    throw awsFailure(error, {
      permission: `sqs:${action} on ${queue}`,
      what: `${action} of the queue ${queue}`,
    });
  });

const chunks = (messages: readonly Held[]): readonly (readonly Held[])[] =>
  Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, i) =>
    messages.slice(i * BATCH, (i + 1) * BATCH),
  );

export const awsQueues = (config: SQSClientConfig, waitSeconds = WAIT_SECONDS): Queues => {
  const client = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
  const urls = new Map<string, Promise<string>>();
  const find = async (QueueName: string): Promise<string> => {
    const { QueueUrl } = await calling('GetQueueUrl', QueueName, () =>
      client.send(new GetQueueUrlCommand({ QueueName })),
    );
    if (QueueUrl === undefined) throw new CommandFailure(`SQS does not say where the queue ${QueueName} is`);
    return QueueUrl;
  };
  const urlOf = (queue: string): Promise<string> => {
    const url = urls.get(queue) ?? find(queue);
    urls.set(queue, url);
    return url;
  };
  return {
    receive: async (queue) => {
      const QueueUrl = await urlOf(queue);
      const { Messages = [] } = await calling('ReceiveMessage', queue, () =>
        client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: BATCH,
            WaitTimeSeconds: waitSeconds,
            VisibilityTimeout: VISIBILITY,
            MessageSystemAttributeNames: ['MessageGroupId', 'MessageDeduplicationId'],
          }),
        ),
      );
      return Messages.map(
        ({ MessageId: id = '', ReceiptHandle: receipt = '', Body: body = '', Attributes = {} }) => ({
          id,
          receipt,
          body,
          group: Attributes.MessageGroupId ?? '',
          deduplicationId: Attributes.MessageDeduplicationId ?? '',
        }),
      );
    },
    send: async (queue, { body, group, deduplicationId }) => {
      const QueueUrl = await urlOf(queue);
      await calling('SendMessage', queue, () =>
        client.send(
          new SendMessageCommand({
            QueueUrl,
            MessageBody: body,
            MessageGroupId: group,
            // One that is sent twice within five minutes is taken once.
            MessageDeduplicationId: deduplicationId,
          }),
        ),
      );
    },
    remove: async (queue, messages) => {
      const QueueUrl = await urlOf(queue);
      for (const some of chunks(messages)) {
        const Entries = some.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt }));
        const { Failed = [] } = await calling('DeleteMessage', queue, () =>
          client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })),
        );
        const [first] = Failed;
        if (first !== undefined)
          throw new CommandFailure(
            `${Failed.length} messages were moved, and not deleted from ${queue} (${first.Code ?? ''} ${first.Message ?? ''}); run it again within five minutes, or they are delivered twice`,
          );
      }
    },
    release: async (queue, messages) => {
      const QueueUrl = await urlOf(queue);
      for (const some of chunks(messages)) {
        const Entries = some.map(({ receipt }, i) => ({
          Id: String(i),
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        }));
        // What cannot be released can be received a minute later anyway.
        await client
          .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
          .catch(() => undefined);
      }
    },
    count: async (queue) => {
      const QueueUrl = await urlOf(queue);
      const { Attributes = {} } = await calling('GetQueueAttributes', queue, () =>
        client.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        ),
      );
      return Object.values(Attributes).reduce((sum, text) => sum + Number(text), 0);
    },
  };
};
