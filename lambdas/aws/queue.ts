import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { OutgoingMessage, QueueSender, SendResult } from '../core/base/messages.ts';
import { orFault } from './errors.ts';
import { entriesOf, resultsOf } from './send-message-batch.ts';

/** With the SDK, for control. */
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
