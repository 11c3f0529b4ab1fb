import type {
  DeduplicationRecord,
  MessageRecord,
  QueueRecord,
  SqsStore,
  StoredState,
} from '../../../local/sqs/store.ts';

/** Keeps what was written, field by field, as a disk would: an engine started on it knows nothing else. */
export class MapStore implements SqsStore {
  readonly #queues = new Map<string, QueueRecord>();
  readonly #messages = new Map<string, MessageRecord>();
  #deduplications: DeduplicationRecord[] = [];

  load(): StoredState {
    return {
      queues: [...this.#queues.values()].map((queue) => ({ ...queue })),
      messages: [...this.#messages.values()].sort((a, b) => a.sequence - b.sequence),
      deduplications: [...this.#deduplications],
    };
  }

  putQueue(queue: QueueRecord): void {
    this.#queues.set(queue.name, { ...queue });
  }

  deleteQueue(name: string): void {
    this.#queues.delete(name);
    this.deleteMessages(name);
    this.deleteDeduplications(name, Infinity);
  }

  insertMessage(message: MessageRecord): void {
    this.#messages.set(this.#key(message), { ...message });
    const queue = this.#queues.get(message.queue);
    if (queue !== undefined) queue.lastSequence = message.sequence;
  }

  updateMessage(message: MessageRecord): void {
    const stored = this.#messages.get(this.#key(message));
    if (stored === undefined) throw new Error(`update of a message that is not stored: ${message.id}`);
    const { visibleAt, firstReceivedAt, lastReceivedAt, receiveCount, receipt } = message;
    Object.assign(stored, { visibleAt, firstReceivedAt, lastReceivedAt, receiveCount, receipt });
  }

  deleteMessage(message: MessageRecord): void {
    if (!this.#messages.delete(this.#key(message)))
      throw new Error(`delete of a message that is not stored: ${message.id}`);
  }

  deleteMessages(queue: string): void {
    for (const [key, message] of this.#messages) if (message.queue === queue) this.#messages.delete(key);
  }

  insertDeduplication(record: DeduplicationRecord): void {
    this.#deduplications.push({ ...record });
  }

  deleteDeduplications(queue: string, before: number): void {
    this.#deduplications = this.#deduplications.filter(
      (record) => record.queue !== queue || record.at > before,
    );
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#messages.clear();
  }

  #key({ queue, sequence }: MessageRecord): string {
    return `${queue} ${sequence}`;
  }
}
