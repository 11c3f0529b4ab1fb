import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { InfraFault } from '../core/base/faults.ts';
import type { IncomingMessage, OutgoingMessage, QueueSender, SendResult } from '../core/base/messages.ts';
import type { StageQueue } from '../core/stage/ports.ts';
import { MAX_BATCH_ENTRIES } from '../core/base/limits.ts';
import { orFault } from './clients.ts';
import { entriesOf, resultsOf } from './send-message-batch.ts';

export class SqsQueueSender implements QueueSender {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(messages: readonly OutgoingMessage[], signal?: AbortSignal): Promise<readonly SendResult[]> {
    const command = new SendMessageBatchCommand({
      QueueUrl: this.#queueUrl,
      Entries: entriesOf(messages),
    });
    const options = signal === undefined ? {} : { abortSignal: signal };
    const { Successful = [], Failed = [] } = await orFault(
      'SendMessageBatch',
      this.#client.send(command, options),
    );
    return resultsOf(messages, { Successful, Failed });
  }
}

const toMessage = ({ MessageId, ReceiptHandle, Body, Attributes = {} }: Message): IncomingMessage => ({
  id: MessageId ?? '',
  receiptHandle: ReceiptHandle ?? '',
  body: Body ?? '',
  groupId: Attributes.MessageGroupId ?? '',
  sequenceNumber: Attributes.SequenceNumber ?? '',
  receiveCount: Number(Attributes.ApproximateReceiveCount),
  sentAt: Number(Attributes.SentTimestamp),
});

export class SqsStageQueue implements StageQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(client: SQSClient, queueUrl: string) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async receive(seconds: number): Promise<readonly IncomingMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: MAX_BATCH_ENTRIES,
      VisibilityTimeout: seconds,
      // A wait, however short, asks all of SQS's servers: without one some messages may be left out.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
    });
    const { Messages = [] } = await orFault('ReceiveMessage', this.#client.send(command));
    return Messages.map(toMessage);
  }

  async setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void> {
    const command = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.#queueUrl,
      Entries: messages.map(({ receiptHandle }, i) => ({
        Id: String(i),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      })),
    });
    const { Failed = [] } = await orFault('ChangeMessageVisibilityBatch', this.#client.send(command));
    const [first] = Failed;
    if (first === undefined) return;
    throw new InfraFault(
      `ChangeMessageVisibilityBatch refused ${Failed.length}: ${first.Code}: ${first.Message}`,
    );
  }

  async delete({ receiptHandle }: IncomingMessage): Promise<void> {
    const command = new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle: receiptHandle });
    await orFault('DeleteMessage', this.#client.send(command));
  }
}
