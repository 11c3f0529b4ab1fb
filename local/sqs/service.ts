/**
 * The queues as a service: each answer comes after what it promises is stored, and receives can wait for messages.
 * The HTTP server stands on it, and so does whatever runs in the same process.
 *
 * A queue is named by its name, its URL or its ARN. All methods reject with `SqsError` for what SQS refuses, and with
 * the store's error when the disk fails.
 */
import { randomUUID } from 'node:crypto';
import type { QueueAttributes } from './attributes.ts';
import { SqsEngine, type EngineOptions } from './engine.ts';
import { LongPolls } from './long-polls.ts';
import type { SqsStore } from './store.ts';
import type {
  BatchResult,
  MoveTask,
  QueueCounts,
  ReceivedMessage,
  ReceiveOptions,
  SendEntry,
  Sent,
} from './types.ts';
import { checkRange } from './validate.ts';

const MAX_WAIT_SECONDS = 20;

export interface ReceiveRequest extends ReceiveOptions {
  readonly queue: string;
  /** How long to wait for a message, 0 to 20 seconds. Default: the queue's. */
  readonly waitSeconds?: number;
  /** Once it is aborted the receive takes nothing, and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Node puts an id together from a dozen pieces and keeps them all: copied, it takes a tenth of the memory. */
const newId = (): string => Buffer.from(randomUUID(), 'latin1').toString('latin1');

type ServiceOptions = Pick<EngineOptions, 'store'> & Partial<EngineOptions>;

/** The name of a queue that is given by its name, URL or ARN. */
export const queueName = (nameUrlOrArn: string): string => /[^/:]*$/.exec(nameUrlOrArn)?.[0] ?? '';

export class SqsService {
  readonly #engine: SqsEngine;
  readonly #store: SqsStore;
  readonly #polls: LongPolls;
  /** By queue: since they were last taken. */
  readonly #sent = new Map<string, number>();

  /** Loads what the store holds. */
  constructor(options: ServiceOptions) {
    const { clock = Date.now, uuid = newId } = options;
    this.#store = options.store;
    this.#engine = new SqsEngine({ ...options, clock, uuid });
    this.#polls = new LongPolls(this.#engine, clock);
  }

  createQueue(name: string, attributes?: QueueAttributes): Promise<void> {
    return this.#run(name, (engine) => engine.createQueue(name, attributes));
  }

  /** Receives that wait on it are rejected. */
  async deleteQueue(queue: string): Promise<void> {
    const name = queueName(queue);
    await this.#run(name, (engine) => engine.deleteQueue(name));
    this.#polls.serve(name);
  }

  queueArn(queue: string): Promise<string> {
    return this.#run(queue, (engine, name) => engine.queueArn(name));
  }

  listQueues(prefix?: string): Promise<string[]> {
    return this.#run('', (engine) => engine.listQueues(prefix));
  }

  listDeadLetterSourceQueues(queue: string): Promise<string[]> {
    return this.#run(queue, (engine, name) => engine.listDeadLetterSourceQueues(name));
  }

  counts(queue: string): Promise<QueueCounts> {
    return this.#run(queue, (engine, name) => engine.counts(name));
  }

  /** All attributes, by AWS's names. */
  getQueueAttributes(queue: string): Promise<QueueAttributes> {
    return this.#run(queue, (engine, name) => engine.getQueueAttributes(name));
  }

  setQueueAttributes(queue: string, attributes: QueueAttributes): Promise<void> {
    return this.#run(queue, (engine, name) => engine.setQueueAttributes(name, attributes));
  }

  purgeQueue(queue: string): Promise<void> {
    return this.#run(queue, (engine, name) => engine.purgeQueue(name));
  }

  /** How many messages were sent to the queue since this was last asked. */
  takeSent(queue: string): number {
    const name = queueName(queue);
    const sent = this.#sent.get(name) ?? 0;
    this.#sent.delete(name);
    return sent;
  }

  #count(name: string, sent: number): void {
    this.#sent.set(name, (this.#sent.get(name) ?? 0) + sent);
  }

  send(queue: string, entry: SendEntry): Promise<Sent> {
    return this.#run(queue, (engine, name) => {
      const sent = engine.send(name, entry);
      this.#count(name, 1);
      return sent;
    });
  }

  sendBatch(
    queue: string,
    entries: readonly (SendEntry & { readonly id: string })[],
  ): Promise<BatchResult<Sent>> {
    return this.#run(queue, (engine, name) => {
      const result = engine.sendBatch(name, entries);
      this.#count(name, result.successful.length);
      return result;
    });
  }

  /** @returns at most `maxMessages`; none when the wait is over */
  async receive({ queue, waitSeconds, signal, ...options }: ReceiveRequest): Promise<ReceivedMessage[]> {
    checkRange(waitSeconds, 'WaitTimeSeconds', 0, MAX_WAIT_SECONDS);
    signal?.throwIfAborted();
    const name = queueName(queue);
    const receive = (): ReceivedMessage[] => this.#engine.receive(name, options);
    const wait = waitSeconds ?? this.#engine.receiveWaitSeconds(name);
    let messages = receive();
    if (messages.length === 0 && wait > 0)
      messages = await this.#polls.wait(name, { milliseconds: wait * 1000, signal, receive });
    this.#polls.arm(name);
    await this.#store.flush();
    if (signal?.aborted !== true) return messages;
    await this.giveBack(name, messages);
    throw signal.reason;
  }

  /** Undoes a receive whose answer reached nobody: the messages are visible again and the receive is not counted. */
  giveBack(queue: string, messages: readonly ReceivedMessage[]): Promise<void> {
    return this.#run(queue, (engine, name) => engine.giveBack(name, messages));
  }

  delete(queue: string, receiptHandle: string): Promise<void> {
    return this.#run(queue, (engine, name) => engine.delete(name, receiptHandle));
  }

  deleteBatch(
    queue: string,
    entries: readonly { readonly id: string; readonly receiptHandle: string }[],
  ): Promise<BatchResult<object>> {
    return this.#run(queue, (engine, name) => engine.deleteBatch(name, entries));
  }

  /** @param seconds from now until the message is visible again, 0 to 43,200 */
  changeVisibility(queue: string, receiptHandle: string, seconds: number): Promise<void> {
    return this.#run(queue, (engine, name) => engine.changeVisibility(name, receiptHandle, seconds));
  }

  changeVisibilityBatch(
    queue: string,
    entries: readonly { readonly id: string; readonly receiptHandle: string; readonly seconds: number }[],
  ): Promise<BatchResult<object>> {
    return this.#run(queue, (engine, name) => engine.changeVisibilityBatch(name, entries));
  }

  /** Makes all messages in flight visible: for a start after which none of the earlier consumers is alive. */
  releaseInFlight(): Promise<void> {
    return this.#run('', (engine) => engine.releaseInFlight());
  }

  startMessageMoveTask(sourceArn: string, destinationArn?: string): Promise<MoveTask> {
    return this.#run('', (engine) => engine.startMessageMoveTask(sourceArn, destinationArn));
  }

  listMessageMoveTasks(sourceArn: string): Promise<MoveTask[]> {
    return this.#run('', (engine) => engine.listMessageMoveTasks(sourceArn));
  }

  /** Ends all waits with nothing received, and closes the store. */
  close(): void {
    this.#polls.close();
    this.#store.close();
  }

  async #run<T>(queue: string, action: (engine: SqsEngine, name: string) => T): Promise<T> {
    const name = queueName(queue);
    const result = action(this.#engine, name);
    this.#polls.arm(name);
    await this.#store.flush();
    return result;
  }
}
