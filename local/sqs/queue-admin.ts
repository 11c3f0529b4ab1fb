/** What an administrator does to an engine's queues. The engine itself adds what senders and receivers do. */
import { withDefaults, type QueueAttributes } from './attributes.ts';
import { moveMessages } from './move-task.ts';
import { QueueRegistry } from './queue-registry.ts';
import type { SqsStore } from './store.ts';
import type { MoveTask, QueueCounts } from './types.ts';

const SCAN_WINDOW = 120_000;

export interface EngineOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly store: SqsStore;
  /** Gives ids to messages; each must be new, and without a slash. */
  readonly uuid: () => string;
  /** Default: us-east-1. */
  readonly region?: string;
  /** Default: 000000000000. */
  readonly accountId?: string;
  /** How many messages of one queue can be in flight. Default: 120,000. */
  readonly maxInFlight?: number;
  /** In how many of its oldest messages a FIFO queue looks for groups. Default: 120,000. */
  readonly scanWindow?: number;
}

export class QueueAdmin {
  protected readonly clock: () => number;
  protected readonly store: SqsStore;
  protected readonly uuid: () => string;
  protected readonly queues: QueueRegistry;
  readonly #moveTasks: MoveTask[] = [];

  constructor(options: EngineOptions) {
    const { clock, store, uuid, region = 'us-east-1', accountId = '000000000000' } = options;
    const { scanWindow = SCAN_WINDOW } = options;
    this.clock = clock;
    this.store = store;
    this.uuid = uuid;
    const arnPrefix = `arn:aws:sqs:${region}:${accountId}:`;
    this.queues = new QueueRegistry({ clock, store, arnPrefix, scanWindow });
  }

  /** @param listener called during other calls, with the name of a queue that has something to hand out again */
  onAvailable(listener: (queue: string) => void): void {
    this.queues.onAvailable = listener;
  }

  createQueue(name: string, attributes: QueueAttributes = {}): void {
    this.queues.create(name, attributes);
  }

  deleteQueue(name: string): void {
    this.queues.delete(name);
  }

  /** @throws SqsError if there is no such queue */
  queueArn(name: string): string {
    return this.queues.open(name).arn;
  }

  listQueues(prefix?: string): string[] {
    return this.queues.list(prefix).map(({ name }) => name);
  }

  listDeadLetterSourceQueues(name: string): string[] {
    return this.queues.deadLetterSources(name).map((queue) => queue.name);
  }

  counts(name: string): QueueCounts {
    return this.queues.open(name).counts;
  }

  /** All attributes, as `GetQueueAttributes` returns them. */
  getQueueAttributes(name: string): QueueAttributes {
    const { arn, record, counts } = this.queues.open(name);
    return {
      ...withDefaults(record.attributes),
      QueueArn: arn,
      CreatedTimestamp: String(Math.floor(record.createdAt / 1000)),
      LastModifiedTimestamp: String(Math.floor(record.modifiedAt / 1000)),
      ApproximateNumberOfMessages: String(counts.visible),
      ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
      ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    };
  }

  setQueueAttributes(name: string, attributes: QueueAttributes): void {
    this.queues.setAttributes(name, attributes);
  }

  purgeQueue(name: string): void {
    this.queues.purge(name);
  }

  /** Makes all messages in flight visible, for when their consumers are known to be dead; the receives still count. */
  releaseInFlight(): void {
    const now = this.clock();
    for (const queue of this.queues.list())
      for (const message of queue.messages()) {
        if (message.state !== 'inFlight') continue;
        queue.setVisibility(message, now, now);
        this.store.updateMessage(message);
      }
  }

  /** Moves dead letters to another queue, or each back to the queue it came from; done when this returns. */
  startMessageMoveTask(sourceArn: string, destinationArn?: string): MoveTask {
    const clockAndIds = { now: this.clock(), uuid: this.uuid };
    const task = moveMessages(this.queues, { sourceArn, destinationArn }, clockAndIds);
    this.#moveTasks.unshift(task);
    return task;
  }

  /** The latest first, at most 10. */
  listMessageMoveTasks(sourceArn: string): MoveTask[] {
    return this.#moveTasks.filter((task) => task.sourceArn === sourceArn).slice(0, 10);
  }
}
