/** All queues of an engine: making, finding and changing them, and putting messages in and out with write-through. */
import {
  checkQueueName,
  mergeAttributes,
  parseRedrivePolicy,
  toSettings,
  withDefaults,
  type QueueAttributes,
} from './attributes.ts';
import { DEDUPLICATION_WINDOW_MS } from './deduplication.ts';
import { invalidValue, SqsError } from './errors.ts';
import type { Message, NewMessage } from './message.ts';
import { Queue } from './queue.ts';
import type { QueueRecord, SqsStore } from './store.ts';

const PURGE_PAUSE_MS = 60_000;

export interface RegistryOptions {
  readonly clock: () => number;
  readonly store: SqsStore;
  readonly arnPrefix: string;
  readonly scanWindow: number;
}

export class QueueRegistry {
  /** Called with the name of a queue that has something to hand out again. */
  onAvailable: (queue: string) => void = () => undefined;
  readonly #options: RegistryOptions;
  readonly #queues = new Map<string, Queue>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { queues, messages, deduplications } = options.store.load();
    const now = options.clock();
    for (const record of queues) this.#install(record);
    for (const message of messages) this.#queues.get(message.queue)?.add(message.sequence, message, now);
    for (const record of deduplications) this.#queues.get(record.queue)?.deduplication.add(record);
  }

  /** The queue, as it is by now. */
  find(name: string): Queue | undefined {
    const queue = this.#queues.get(name);
    if (queue !== undefined) this.#settle(queue);
    return queue;
  }

  /** @throws SqsError if there is no such queue */
  open(name: string): Queue {
    const queue = this.find(name);
    if (queue === undefined) throw new SqsError('QueueDoesNotExist', `There is no queue "${name}".`);
    return queue;
  }

  byArn(arn: string): Queue | undefined {
    const name = arn.slice(arn.lastIndexOf(':') + 1);
    return this.#queues.get(name)?.arn === arn ? this.open(name) : undefined;
  }

  /** Ordered by name. */
  list(prefix = ''): Queue[] {
    const names = [...this.#queues.keys()].filter((name) => name.startsWith(prefix)).sort();
    return names.map((name) => this.open(name));
  }

  /** Does nothing if there is such a queue already, with the same values of all these attributes. @throws SqsError */
  create(name: string, attributes: QueueAttributes): Queue {
    const merged = mergeAttributes(undefined, attributes);
    checkQueueName(name, merged['FifoQueue'] === 'true');
    const existing = this.#queues.get(name);
    if (existing !== undefined) {
      const current = withDefaults(existing.record.attributes);
      const different = Object.keys(merged).find((key) => current[key] !== merged[key]);
      if (different === undefined) return existing;
      throw new SqsError('QueueNameExists', `Queue "${name}" exists with another value of ${different}.`);
    }
    this.#checkRedrive(name, merged);
    const now = this.#options.clock();
    // Starting from the time keeps the numbers growing when a queue is deleted and made again.
    const record = { name, attributes: merged, createdAt: now, modifiedAt: now, lastSequence: now * 1000 };
    this.#options.store.putQueue(record);
    return this.#install(record);
  }

  /** @throws SqsError */
  setAttributes(name: string, changes: QueueAttributes): void {
    const queue = this.open(name);
    const merged = mergeAttributes(queue.record.attributes, changes);
    this.#checkRedrive(name, merged);
    queue.settings = toSettings(merged);
    queue.record.attributes = merged;
    queue.record.modifiedAt = this.#options.clock();
    this.#options.store.putQueue(queue.record);
    this.#settle(queue);
  }

  /** @throws SqsError */
  delete(name: string): void {
    this.open(name);
    this.#queues.delete(name);
    this.#options.store.deleteQueue(name);
  }

  /** Deletes all messages; deduplication ids stay. @throws SqsError if the last time was less than a minute ago */
  purge(name: string): void {
    const queue = this.open(name);
    const now = this.#options.clock();
    if (queue.purgedAt !== undefined && now < queue.purgedAt + PURGE_PAUSE_MS)
      throw new SqsError('PurgeQueueInProgress', `Queue "${name}" can be purged once a minute.`);
    queue.purgedAt = now;
    queue.clear();
    this.#options.store.deleteMessages(name);
  }

  /** Queues whose dead letters go to this one. @throws SqsError */
  deadLetterSources(name: string): Queue[] {
    const { arn } = this.open(name);
    return this.list().filter(({ settings }) => settings.redrivePolicy?.deadLetterTargetArn === arn);
  }

  append(queue: Queue, fields: NewMessage): Message {
    queue.record.lastSequence += 1;
    const message = queue.add(queue.record.lastSequence, fields, this.#options.clock());
    this.#options.store.insertMessage(message);
    return message;
  }

  discard(queue: Queue, message: Message): void {
    queue.remove(message);
    this.#options.store.deleteMessage(message);
  }

  #install(record: QueueRecord): Queue {
    const arn = `${this.#options.arnPrefix}${record.name}`;
    const { scanWindow } = this.#options;
    const onAvailable = () => this.onAvailable(record.name);
    const queue = new Queue(record, arn, toSettings(record.attributes), scanWindow, onAvailable);
    this.#queues.set(record.name, queue);
    return queue;
  }

  #settle(queue: Queue): void {
    const now = this.#options.clock();
    for (const message of queue.settle(now)) this.discard(queue, message);
    if (queue.deduplication.prune(now))
      this.#options.store.deleteDeduplications(queue.name, now - DEDUPLICATION_WINDOW_MS);
  }

  #checkRedrive(name: string, attributes: QueueAttributes): void {
    const text = attributes['RedrivePolicy'];
    const policy = parseRedrivePolicy(text);
    if (text === undefined || policy === undefined) return;
    const target = this.byArn(policy.deadLetterTargetArn);
    if (target === undefined)
      throw new SqsError('QueueDoesNotExist', `There is no dead-letter queue ${policy.deadLetterTargetArn}.`);
    if (target.name === name)
      throw invalidValue(text, 'RedrivePolicy', 'a queue cannot be its own dead-letter queue.');
    if (target.settings.fifo !== (attributes['FifoQueue'] === 'true'))
      throw invalidValue(
        text,
        'RedrivePolicy',
        'the dead-letter queue must be of the same type as its source.',
      );
  }
}
