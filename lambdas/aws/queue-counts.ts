import {
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { InfraFault } from '../core/base/faults.ts';
import { orFault } from './errors.ts';

/** Queue depths, by queue name. */
export class SqsQueueCounts {
  readonly #client: SQSClient;
  readonly #queuesUrl: string;

  /** @param queuesUrl what stands before a queue's name in its URL, with a slash at the end */
  constructor(client: SQSClient, queuesUrl: string) {
    this.#client = client;
    this.#queuesUrl = queuesUrl;
  }

  /**
   * About how many messages a queue holds; SQS counts approximately.
   * @returns undefined when the queue does not exist
   * @throws InfraFault
   */
  async read(
    queueName: string,
  ): Promise<{ readonly visible: number; readonly inFlight: number; readonly delayed: number } | undefined> {
    const [visible, inFlight, delayed] = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ] as const;
    const attributes = await this.#attributes(queueName, [visible, inFlight, delayed]);
    if (attributes === undefined) return undefined;
    const [waiting, taken, later] = [visible, inFlight, delayed].map((name) => Number(attributes[name] ?? 0));
    return { visible: waiting ?? 0, inFlight: taken ?? 0, delayed: later ?? 0 };
  }

  /**
   * The queue to which SQS moves what was received too often.
   * @returns undefined when the queue does not exist
   * @throws InfraFault, also when the queue has no such queue
   */
  async deadLetterQueueName(queueName: string): Promise<string | undefined> {
    const attributes = await this.#attributes(queueName, ['RedrivePolicy']);
    if (attributes === undefined) return undefined;
    const [, name] = /"deadLetterTargetArn":\s*"[^"]*:([^":]+)"/.exec(attributes.RedrivePolicy ?? '') ?? [];
    if (name === undefined) throw new InfraFault(`the queue ${queueName} has no dead-letter queue`);
    return name;
  }

  async #attributes(
    queueName: string,
    names: readonly QueueAttributeName[],
  ): Promise<Partial<Record<QueueAttributeName, string>> | undefined> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: `${this.#queuesUrl}${queueName}`,
      AttributeNames: [...names],
    });
    try {
      return (await this.#client.send(command)).Attributes ?? {};
    } catch (error) {
      if (error instanceof QueueDoesNotExist) return undefined;
      return orFault('GetQueueAttributes', Promise.reject(error as Error));
    }
  }
}
