/**
 * What the contract suite needs: a client of the SQS under test, and queues with unique names.
 *
 * By default that is Sluice's own server, started here. With `AWS_ENDPOINT_URL` set it is the service at that address, an
 * emulator or AWS itself, with the region and the credentials of the environment.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from '@jest/globals';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
  type QueueAttributeName,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
} from '@aws-sdk/client-sqs';
import { startSqsServer } from '../../local/sqs/api.ts';
import { SqsService } from '../../local/sqs/service.ts';
import { memoryStore } from '../../local/sqs/store.ts';
import { NOWHERE } from '../support/nowhere.ts';

type Attributes = Partial<Record<QueueAttributeName, string>>;

const started: { close: () => Promise<void> | void }[] = [];

const localEndpoint = async (): Promise<string> => {
  const service = new SqsService({ store: memoryStore() });
  const server = await startSqsServer({
    service,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  started.push(service, server);
  return server.url;
};

const given = process.env['AWS_ENDPOINT_URL'];
const foreign = given === NOWHERE ? undefined : given;
export const endpoint = foreign ?? (await localEndpoint());

/** Retries are off, because a test needs the first answer. */
export const sqs = new SQSClient({
  endpoint,
  maxAttempts: 1,
  region: process.env['AWS_REGION'] ?? 'us-east-1',
  ...(process.env['AWS_ACCESS_KEY_ID'] === undefined && {
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }),
});

const queues: string[] = [];

afterAll(async () => {
  await Promise.all(queues.map((QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl }))));
  sqs.destroy();
  for (const each of started.reverse()) await each.close();
});

/** A queue, with the calls that most tests make. */
export class TestQueue {
  readonly url: string;
  readonly name: string;

  constructor(url: string, name: string) {
    this.url = url;
    this.name = name;
  }

  async attributes(): Promise<Attributes> {
    const command = new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: ['All'] });
    return (await sqs.send(command)).Attributes ?? {};
  }

  async arn(): Promise<string> {
    return (await this.attributes()).QueueArn ?? '';
  }

  /** Visible, in flight, delayed. */
  async counts(): Promise<number[]> {
    const attributes = await this.attributes();
    return [
      attributes.ApproximateNumberOfMessages,
      attributes.ApproximateNumberOfMessagesNotVisible,
      attributes.ApproximateNumberOfMessagesDelayed,
    ].map(Number);
  }

  /** To a FIFO queue; the body is also the default deduplication id. */
  send(group: string, body: string, more: Partial<SendMessageCommandInput> = {}) {
    return sqs.send(
      new SendMessageCommand({
        QueueUrl: this.url,
        MessageGroupId: group,
        MessageDeduplicationId: body,
        MessageBody: body,
        ...more,
      }),
    );
  }

  /** To a standard queue. */
  sendPlain(body: string, more: Partial<SendMessageCommandInput> = {}) {
    return sqs.send(new SendMessageCommand({ QueueUrl: this.url, MessageBody: body, ...more }));
  }

  /** Up to 10 messages, with all attributes, without waiting. */
  async receive(more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.url,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      ...more,
    });
    return (await sqs.send(command)).Messages ?? [];
  }

  async bodies(more: Partial<ReceiveMessageCommandInput> = {}): Promise<(string | undefined)[]> {
    return (await this.receive(more)).map(({ Body }) => Body);
  }

  /** Waits up to 5 seconds for one message. */
  async receiveOne(
    more: Partial<ReceiveMessageCommandInput> = {},
  ): Promise<Message & { ReceiptHandle: string }> {
    const [message] = await this.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5, ...more });
    if (message?.ReceiptHandle === undefined) throw new Error(`nothing to receive in ${this.name}`);
    return { ...message, ReceiptHandle: message.ReceiptHandle };
  }

  delete(message: Message) {
    return sqs.send(new DeleteMessageCommand({ QueueUrl: this.url, ReceiptHandle: message.ReceiptHandle }));
  }
}

const create = async (name: string, attributes: Attributes): Promise<TestQueue> => {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  if (QueueUrl === undefined) throw new Error('CreateQueue answered without a URL');
  queues.push(QueueUrl);
  return new TestQueue(QueueUrl, name);
};

export const uniqueName = (): string => `sluice-contract-${randomUUID()}`;

export const fifoQueue = (attributes: Attributes = {}): Promise<TestQueue> =>
  create(`${uniqueName()}.fifo`, { FifoQueue: 'true', ...attributes });

export const standardQueue = (attributes: Attributes = {}): Promise<TestQueue> =>
  create(uniqueName(), attributes);

/** A queue whose messages move to a dead-letter queue after this many receives. */
export const withDeadLetters = async (
  make: (attributes?: Attributes) => Promise<TestQueue>,
  maxReceiveCount: number,
  attributes: Attributes = {},
): Promise<{ queue: TestQueue; dead: TestQueue }> => {
  const dead = await make();
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await dead.arn(), maxReceiveCount });
  return { dead, queue: await make({ RedrivePolicy, ...attributes }) };
};

/** Repeats a call until the answer satisfies a condition; counts on AWS are eventually consistent. @returns the last answer */
export const eventually = async <T>(
  ask: () => Promise<T>,
  satisfies: (answer: T) => boolean,
  milliseconds = foreign === undefined ? 5_000 : 60_000,
): Promise<T> => {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer) || Date.now() > deadline) return answer;
    await sleep(100);
  }
};

/** The SDK's error for a refused call. */
export const refusal = (name: string, httpStatusCode = 400): object => ({
  name,
  $metadata: { httpStatusCode },
});
