/**
 * Whether a key's backlog is about to hide other users in the queue.
 *
 * A FIFO queue looks for message groups in its first 120,000 messages only. Once most of those are of one group, which is
 * processed one message at a time, no other group is received. So before that a key with a large part of a long queue is parked
 * without an attempt: its messages leave the queue as fast as they can be written, and the drain processes them in their order.
 */
import type { IncomingMessage } from '../base/messages.ts';
import type { HotKeys } from './hot-keys.ts';

/** The reason of a head that was made for this. */
export const HIDES_OTHERS = 'its backlog would hide other users in the queue';

/** A queue whose messages are received within this time is not long; milliseconds. */
const LATE = 60_000;
/** A smaller backlog hides nobody, and is not worth the writes. It is what one environment sees of the key. */
const MIN_BACKLOG = 500;
/** A batch of a key that is handed out this often, with this many messages, is stuck behind its first message. */
const STUCK_RECEIVES = 4;
const STUCK_MESSAGES = 5;

export interface CrowdingOptions {
  /** Messages of the queue from which on it is crowded. */
  readonly spillBacklog: number;
  /** How often the queue's length is read at most; milliseconds. */
  readonly interval: number;
}

/** What an environment remembers between its invocations. */
export class Crowding {
  readonly #hotKeys: HotKeys;
  readonly #options: CrowdingOptions;
  #length = 0;
  #readAt = -Infinity;

  constructor(hotKeys: HotKeys, options: CrowdingOptions) {
    this.#hotKeys = hotKeys;
    this.#options = options;
  }

  /** Whether the queue's length is to be read before this batch. @param now milliseconds since 1970, as all times here */
  wantsLength(messages: readonly IncomingMessage[], now: number): boolean {
    const isLate = messages.some(({ sentAt }) => now - sentAt >= LATE);
    return isLate && now - this.#readAt >= this.#options.interval;
  }

  /** @param length of the queue; undefined: it could not be read, and counts as short until it is read again */
  read(length: number | undefined, now: number): void {
    this.#length = length ?? 0;
    this.#readAt = now;
  }

  /** @param messages of one key in a batch */
  hidesOthers(messages: readonly IncomingMessage[], now: number): boolean {
    const { spillBacklog, interval } = this.#options;
    const isCrowded = this.#length >= spillBacklog && now - this.#readAt <= 2 * interval;
    if (!isCrowded) return false;
    const key = messages[0]?.groupId ?? '';
    return Math.max(this.#hotKeys.backlogOf(key, now), stuckBacklog(messages, now)) >= MIN_BACKLOG;
  }
}

/**
 * The backlog behind a message that fails again and again, by the batch alone: nothing new of the key is received in the
 * meantime from which its rate could be taken.
 */
const stuckBacklog = (messages: readonly IncomingMessage[], now: number): number => {
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) return 0;
  if (first.receiveCount < STUCK_RECEIVES || messages.length < STUCK_MESSAGES) return 0;
  return ((messages.length - 1) / Math.max(1, last.sentAt - first.sentAt)) * (now - last.sentAt);
};
