/**
 * Where the engine keeps what must survive. It writes through, and reads back only when it starts.
 * The methods other than `flush` only note what is to be written; nothing is promised before `flush` resolves.
 */
import type { MessageAttributes } from './types.ts';

export interface QueueRecord {
  readonly name: string;
  /** As set by `CreateQueue` and `SetQueueAttributes`, by AWS's names; defaults are left out. */
  attributes: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** The sequence number last given; it never goes back, not even when the queue is empty. */
  lastSequence: number;
}

export interface MessageRecord {
  readonly queue: string;
  readonly sequence: number;
  readonly id: string;
  /** Undefined in a standard queue, unless its sender set it. */
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly body: string;
  readonly attributes: MessageAttributes | undefined;
  readonly traceHeader: string | undefined;
  readonly deadLetterSourceArn: string | undefined;
  /** Times are milliseconds since 1970. Retention counts from here. */
  readonly sentAt: number;
  visibleAt: number;
  firstReceivedAt: number | undefined;
  lastReceivedAt: number | undefined;
  /** Over all queues the message has been in. */
  receiveCount: number;
  /** The part of it that happened before the message came to this queue. */
  readonly receivedElsewhere: number;
  /** Grows with each receive; it distinguishes the latest receipt handle from the stale ones. */
  receipt: number;
}

export interface DeduplicationRecord {
  readonly queue: string;
  readonly groupId: string;
  readonly deduplicationId: string;
  /** When the message was accepted; milliseconds since 1970. */
  readonly at: number;
  readonly messageId: string;
  readonly sequence: number;
}

export interface StoredState {
  readonly queues: readonly QueueRecord[];
  /** Of one queue in the order of their sequence numbers. */
  readonly messages: Iterable<MessageRecord>;
  /** Of one queue in the order of their times. */
  readonly deduplications: Iterable<DeduplicationRecord>;
}

export interface SqsStore {
  /** Everything that is stored. Called once, before anything is written. */
  load(): StoredState;
  /** Adds the queue or replaces its attributes. */
  putQueue(queue: QueueRecord): void;
  /** Removes the queue with all that it holds. */
  deleteQueue(name: string): void;
  insertMessage(message: MessageRecord): void;
  /** Writes the fields of a message that can change. */
  updateMessage(message: MessageRecord): void;
  deleteMessage(message: MessageRecord): void;
  deleteMessages(queue: string): void;
  insertDeduplication(record: DeduplicationRecord): void;
  /** @param before milliseconds since 1970; what is that old or older is forgotten */
  deleteDeduplications(queue: string, before: number): void;
  /** Resolves when everything noted so far is stored for good. Rejects when it cannot be; so does every later call. */
  flush(): Promise<void>;
  /** Stores what is still noted, and lets go of the file. */
  close(): void;
}

const nothing = (): void => undefined;

/** Keeps nothing: queues that live as long as the process. */
export const memoryStore = (): SqsStore => ({
  load: () => ({ queues: [], messages: [], deduplications: [] }),
  putQueue: nothing,
  deleteQueue: nothing,
  insertMessage: nothing,
  updateMessage: nothing,
  deleteMessage: nothing,
  deleteMessages: nothing,
  insertDeduplication: nothing,
  deleteDeduplications: nothing,
  flush: () => Promise.resolve(),
  close: nothing,
});
