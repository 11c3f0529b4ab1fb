/**
 * The queues: what Amazon SQS documents, FIFO queues above all, without network, timers or threads.
 *
 * Time comes from the clock it is given; whatever has become due by then (visibility timeouts, delays, retention,
 * deduplication windows) takes effect at the next call, so a simulation can drive it with a clock of its own.
 * Every change is noted in the store before the method returns; it is safe once `store.flush()` has resolved.
 * All methods throw `SqsError` for what SQS refuses.
 */
import { contentDeduplicationId } from './digest.ts';
import { invalid, invalidValue, SqsError } from './errors.ts';
import { QueueAdmin, type EngineOptions } from './queue-admin.ts';
import { deadLettered, fresh, type Message } from './message.ts';
import type { Queue } from './queue.ts';
import { expiredHandle, receiptHandle, resolveHandle } from './receipt-handle.ts';
import { ReceiveAttempts } from './receive-attempts.ts';
import type { BatchResult, ReceivedMessage, ReceiveOptions, SendEntry, Sent } from './types.ts';
import {
  checkBatch,
  checkEntry,
  checkRange,
  checkSendBatch,
  eachEntry,
  MAX_BATCH_ENTRIES,
  MAX_VISIBILITY,
} from './validate.ts';

export type { EngineOptions } from './queue-admin.ts';

const MAX_IN_FLIGHT = 120_000;

/** 20 digits, so that they sort as text. */
const sequenceNumber = (sequence: number): string => `1${String(sequence).padStart(19, '0')}`;

const toReceived = (message: Message, fifo: boolean): ReceivedMessage => ({
  messageId: message.id,
  receiptHandle: receiptHandle(message),
  body: message.body,
  attributes: message.attributes ?? {},
  ...(message.groupId !== undefined && { groupId: message.groupId }),
  ...(message.deduplicationId !== undefined && { deduplicationId: message.deduplicationId }),
  ...(fifo && { sequenceNumber: sequenceNumber(message.sequence) }),
  sentAt: message.sentAt,
  firstReceivedAt: message.firstReceivedAt ?? message.sentAt,
  receiveCount: message.receiveCount,
  ...(message.traceHeader !== undefined && { traceHeader: message.traceHeader }),
  ...(message.deadLetterSourceArn !== undefined && { deadLetterSourceArn: message.deadLetterSourceArn }),
});

export class SqsEngine extends QueueAdmin {
  readonly #maxInFlight: number;
  readonly #attempts = new WeakMap<Queue, ReceiveAttempts>();

  /** Loads what the store holds. */
  constructor(options: EngineOptions) {
    super(options);
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
  }

  send(name: string, entry: SendEntry): Sent {
    const queue = this.queues.open(name);
    checkEntry(entry, queue.settings);
    return this.#accept(queue, entry);
  }

  /** In order; an entry that is refused does not stop the others. */
  sendBatch(name: string, entries: readonly (SendEntry & { readonly id: string })[]): BatchResult<Sent> {
    const queue = this.queues.open(name);
    checkBatch(entries, 'SendMessageBatch');
    checkSendBatch(entries, queue.settings);
    return eachEntry(entries, (entry) => {
      checkEntry(entry, queue.settings);
      return this.#accept(queue, entry);
    });
  }

  /** Whether a receive would find anything now. */
  hasAvailable(name: string): boolean {
    return this.queues.open(name).hasAvailable;
  }

  /** How long a receive on this queue waits for a message unless it says otherwise; seconds. */
  receiveWaitSeconds(name: string): number {
    return this.queues.open(name).settings.receiveWaitSeconds;
  }

  /**
   * When the next hidden message becomes visible when its timeout ends; milliseconds since 1970.
   * Undefined if no message is hidden, or there is no such queue.
   */
  nextEventAt(name: string): number | undefined {
    return this.queues.find(name)?.nextVisibleAt;
  }

  receive(name: string, options: ReceiveOptions = {}): ReceivedMessage[] {
    const queue = this.queues.open(name);
    const { maxMessages = 1, visibilityTimeout = queue.settings.visibilityTimeout, attemptId } = options;
    checkRange(maxMessages, 'MaxNumberOfMessages', 1, MAX_BATCH_ENTRIES);
    checkRange(visibilityTimeout, 'VisibilityTimeout', 0, MAX_VISIBILITY);
    const now = this.clock();
    const visibleAt = now + visibilityTimeout * 1000;
    const { fifo } = queue.settings;
    const again = this.#recall(queue, attemptId, visibleAt);
    if (again !== undefined) return again.map((message) => toReceived(message, fifo));
    const room = this.#maxInFlight - queue.counts.inFlight;
    if (room <= 0 && !fifo)
      throw new SqsError('OverLimit', `Queue "${name}" has too many messages in flight.`);
    const taken = queue.take(Math.min(maxMessages, room), visibleAt, now, (message) =>
      this.#moveToDeadLetters(queue, message),
    );
    for (const message of taken) {
      message.firstReceivedAt ??= now;
      message.lastReceivedAt = now;
      message.receiveCount += 1;
      message.receipt += 1;
      this.store.updateMessage(message);
    }
    if (fifo && attemptId !== undefined) this.#attemptsOf(queue).remember(attemptId, taken, now);
    return taken.map((message) => toReceived(message, fifo));
  }

  /** Undoes a receive whose answer reached nobody: the messages are visible again and the receive is not counted. */
  giveBack(name: string, messages: readonly ReceivedMessage[]): void {
    const queue = this.queues.open(name);
    const now = this.clock();
    for (const { receiptHandle: handle } of messages) {
      const { message, latest } = resolveHandle(queue, handle);
      if (message?.state !== 'inFlight' || !latest) continue;
      message.receiveCount -= 1;
      message.receipt += 1;
      if (message.receiveCount === 0) message.firstReceivedAt = undefined;
      queue.setVisibility(message, now, now);
      this.store.updateMessage(message);
    }
  }

  /** A message that is gone already counts as deleted. */
  delete(name: string, handle: string): void {
    const queue = this.queues.open(name);
    const { message, latest } = resolveHandle(queue, handle);
    if (message === undefined) return;
    if (queue.settings.fifo && (!latest || message.state !== 'inFlight')) throw expiredHandle(handle);
    // A standard queue answers a stale handle with success, and keeps the message.
    if (latest) this.queues.discard(queue, message);
  }

  deleteBatch(
    name: string,
    entries: readonly { readonly id: string; readonly receiptHandle: string }[],
  ): BatchResult<object> {
    this.queues.open(name);
    checkBatch(entries, 'DeleteMessageBatch');
    return eachEntry(entries, (entry) => {
      this.delete(name, entry.receiptHandle);
      return {};
    });
  }

  /** @param seconds from now until the message is visible again, 0 to 43,200; at most 12 hours after its receive */
  changeVisibility(name: string, handle: string, seconds: number): void {
    const queue = this.queues.open(name);
    checkRange(seconds, 'VisibilityTimeout', 0, MAX_VISIBILITY);
    const now = this.clock();
    const { message, latest } = resolveHandle(queue, handle);
    if (message === undefined)
      throw invalidValue(handle, 'ReceiptHandle', 'the message does not exist any more.');
    if (!latest || (queue.settings.fifo && message.state !== 'inFlight')) throw expiredHandle(handle);
    const heldFor = Math.floor((now - (message.lastReceivedAt ?? now)) / 1000);
    if (heldFor + seconds > MAX_VISIBILITY)
      throw invalid(`A message can be hidden for ${MAX_VISIBILITY} seconds after its receive, no longer.`);
    queue.setVisibility(message, now + seconds * 1000, now);
    this.store.updateMessage(message);
  }

  changeVisibilityBatch(
    name: string,
    entries: readonly { readonly id: string; readonly receiptHandle: string; readonly seconds: number }[],
  ): BatchResult<object> {
    this.queues.open(name);
    checkBatch(entries, 'ChangeMessageVisibilityBatch');
    return eachEntry(entries, (entry) => {
      this.changeVisibility(name, entry.receiptHandle, entry.seconds);
      return {};
    });
  }

  #accept(queue: Queue, entry: SendEntry): Sent {
    const now = this.clock();
    const { fifo, delaySeconds } = queue.settings;
    const groupId = entry.groupId;
    const deduplicationId = fifo ? (entry.deduplicationId ?? contentDeduplicationId(entry.body)) : undefined;
    if (groupId !== undefined && deduplicationId !== undefined) {
      const earlier = queue.deduplication.find(groupId, deduplicationId);
      if (earlier !== undefined)
        return { messageId: earlier.messageId, sequenceNumber: sequenceNumber(earlier.sequence) };
    }
    const delay = fifo ? delaySeconds : (entry.delaySeconds ?? delaySeconds);
    const { body, attributes, traceHeader } = entry;
    const fields = { id: this.uuid(), groupId, deduplicationId, body, attributes, traceHeader };
    const { id, sequence } = this.queues.append(queue, fresh(fields, now, now + delay * 1000));
    if (groupId === undefined || deduplicationId === undefined) return { messageId: id };
    const record = { queue: queue.name, groupId, deduplicationId, at: now, messageId: id, sequence };
    queue.deduplication.add(record);
    this.store.insertDeduplication(record);
    return { messageId: id, sequenceNumber: sequenceNumber(sequence) };
  }

  /** @returns whether the message was received too often, and is in its queue's dead-letter queue now */
  #moveToDeadLetters(queue: Queue, message: Message): boolean {
    const policy = queue.settings.redrivePolicy;
    if (policy === undefined || message.receiveCount - message.receivedElsewhere < policy.maxReceiveCount)
      return false;
    const target = this.queues.byArn(policy.deadLetterTargetArn);
    if (target === undefined) return false;
    this.queues.discard(queue, message);
    const { fifo } = target.settings;
    this.queues.append(target, deadLettered(message, { from: queue.arn, fifo, now: this.clock() }));
    return true;
  }

  #attemptsOf(queue: Queue): ReceiveAttempts {
    const attempts = this.#attempts.get(queue) ?? new ReceiveAttempts();
    this.#attempts.set(queue, attempts);
    return attempts;
  }

  /** The messages of an earlier receive with this attempt id, hidden again; undefined if they are gone. */
  #recall(queue: Queue, attemptId: string | undefined, visibleAt: number): readonly Message[] | undefined {
    if (attemptId === undefined || !queue.settings.fifo) return undefined;
    const now = this.clock();
    const attempts = this.#attemptsOf(queue);
    const messages = attempts.recall(attemptId, now, (message) => queue.find(message.id) === message);
    if (messages === undefined) return undefined;
    for (const message of messages) {
      queue.setVisibility(message, visibleAt, now);
      this.store.updateMessage(message);
    }
    attempts.remember(attemptId, messages, now);
    return messages;
  }
}
