/** What the archive of a measured replay has: which event is where, by arithmetic, so that a million need no memory. */
import { ARCHIVE_BUFFER } from '../../../contract/archive.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import { toLine } from '../../../lambdas/core/event/archive-line.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { trackEvent } from '../event.ts';

export interface PastSize {
  readonly events: number;
  readonly users: number;
  /** Events of a user that came in one request, and so in one message. */
  readonly perMessage: number;
}

/** Of all users together, when it was archived. */
const EVENTS_PER_SECOND = 50;

/** Each record with a number that this divides is in two files: Firehose repeats some. */
const REPEATED = 97;

const SEQUENCE_DIGITS = 20;

export interface PastFile {
  /** Milliseconds since 1970: of its first record, and when it was written. */
  readonly began: number;
  readonly ended: number;
  readonly lines: string;
}

export interface PastEvent {
  readonly user: number;
  /** Which one of its user's. */
  readonly index: number;
  /** Which one of all. */
  readonly id: number;
}

export class Past {
  readonly size: PastSize;
  readonly messages: number;
  readonly from: number;
  /** Everything came before. */
  readonly to: number;
  /** Milliseconds between two messages. */
  readonly #step: number;

  /** @param to milliseconds since 1970 */
  constructor(size: PastSize, to: number) {
    this.size = size;
    this.messages = Math.ceil(size.events / size.perMessage);
    this.#step = Math.round((1_000 * size.perMessage) / EVENTS_PER_SECOND);
    this.to = to;
    this.from = to - this.messages * this.#step;
  }

  /** Of the event with that number. Users take turns, message by message. */
  event(id: number): PastEvent {
    const { users, perMessage } = this.size;
    const message = Math.floor(id / perMessage);
    const index = Math.floor(message / users) * perMessage + (id % perMessage);
    return { user: message % users, index, id };
  }

  /** How many events of a user were archived before that time. */
  countBefore(user: number, at: number): number {
    const { users, perMessage, events } = this.size;
    const messages = Math.min(this.messages, Math.max(0, Math.ceil((at - this.from) / this.#step)));
    const own = Math.max(0, Math.ceil((messages - user) / users));
    // The last message of all may have fewer.
    const isLast = messages === this.messages && (messages - 1) % users === user;
    return own * perMessage - (isLast ? this.messages * perMessage - events : 0);
  }

  /** As Firehose writes them: one file for each time of its buffer. */
  *files(source: string): Generator<PastFile> {
    const perFile = Math.max(1, Math.floor((ARCHIVE_BUFFER * 1_000) / this.#step));
    let repeated = '';
    for (let first = 0; first < this.messages; first += perFile) {
      const end = Math.min(this.messages, first + perFile);
      const records = Array.from({ length: end - first }, (_, i) => this.#record(first + i, source));
      const lines = repeated + records.join('');
      repeated = records.filter((_, i) => (first + i) % REPEATED === 0).join('');
      yield { began: this.#at(first), ended: this.#at(end), lines };
    }
  }

  #at(message: number): number {
    return this.from + message * this.#step;
  }

  /** The lines of a message. */
  #record(message: number, source: string): string {
    const { perMessage, events, users } = this.size;
    const user = message % users;
    const archivedAt = this.#at(message);
    const count = Math.min(perMessage, events - message * perMessage);
    const lines = Array.from({ length: count }, (_, place) => {
      const event = trackEvent(pastId(message * perMessage + place), user);
      const archived = {
        key: orderKey(source, { userId: event.userId, anonymousId: event.anonymousId }, 'userId'),
        sequence: String(message + 1).padStart(SEQUENCE_DIGITS, '0'),
        place,
        source,
        receivedAt: new Date(archivedAt).toISOString(),
        content: event as unknown as SluiceEvent,
      };
      return `${toLine(archived, archivedAt)}\n`;
    });
    return lines.join('');
  }
}

const PREFIX = 'past:';

export const pastId = (id: number): string => `${PREFIX}${id}`;

/** @returns undefined: it is none of the past */
export const readPastId = (messageId: string): number | undefined =>
  messageId.startsWith(PREFIX) ? Number(messageId.slice(PREFIX.length)) : undefined;
