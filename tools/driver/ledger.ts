/**
 * Who sent what, and what became of it, counted event by event while a program measures or kills: nothing is looked through
 * afterwards. For events whose ids an SDK makes there is `audit.ts`.
 *
 * One connection alone sends the events of a user, one request after the other, so the order in which a user's events were issued is
 * the order in which they were accepted.
 */
import { randomUUID } from 'node:crypto';
import { Order } from './order.ts';

/** Times are milliseconds of one clock, from any beginning. */
interface Fate {
  acceptedAt: number | undefined;
  /** The first arrival at each destination. */
  readonly arrivedAt: (number | undefined)[];
}

export interface IssuedEvent {
  readonly messageId: string;
  readonly user: number;
}

/** All but `accepted` count events and destinations: an event that has not come to two of them is lost twice. */
export interface Verdict {
  readonly accepted: number;
  readonly deliveries: number;
  /** Accepted, and not arrived. */
  readonly lost: number;
  /** Arrivals after the first one. */
  readonly duplicates: number;
  /** First arrivals of events whose user has had a later one of theirs arrive before. */
  readonly outOfOrder: number;
}

export class Ledger {
  /** In every message id: what arrives from an earlier run is not of this one. */
  readonly #run = randomUUID();
  readonly #destinations: number;
  readonly #users: Fate[][] = [];
  /** By destination. */
  readonly #orders: readonly Order<number>[];
  #accepted = 0;
  #deliveries = 0;
  #duplicates = 0;
  readonly #overtaken: string[] = [];
  #firstArrival: number | undefined;
  #lastArrival: number | undefined;

  constructor(destinations: number) {
    this.#destinations = destinations;
    this.#orders = Array.from({ length: destinations }, () => new Order<number>());
  }

  /** The next event of a user. */
  issue(user: number): IssuedEvent {
    const fates = (this.#users[user] ??= []);
    fates.push({ acceptedAt: undefined, arrivedAt: [] });
    return { messageId: `${this.#run}:${user}:${fates.length - 1}`, user };
  }

  accept(messageId: string, at: number): void {
    const { fate } = this.#find(messageId) ?? {};
    if (fate?.acceptedAt !== undefined || fate === undefined) return;
    fate.acceptedAt = at;
    this.#accepted += 1;
  }

  arrive(destination: number, messageId: string, at: number): void {
    const found = this.#find(messageId);
    const order = this.#orders[destination];
    if (found === undefined || order === undefined) return;
    const { fate, user, index } = found;
    if (fate.arrivedAt[destination] !== undefined) {
      this.#duplicates += 1;
      return;
    }
    fate.arrivedAt[destination] = at;
    this.#firstArrival ??= at;
    this.#lastArrival = at;
    this.#deliveries += 1;
    const before = order.overtakenBy(user, index);
    if (before !== undefined)
      this.#overtaken.push(`user ${user} at destination ${destination}: ${index} after ${before}`);
  }

  /** When the first event came to a destination. Undefined: none has. */
  get firstArrival(): number | undefined {
    return this.#firstArrival;
  }

  /** When an event last came to a destination for the first time. Undefined: none has. */
  get lastArrival(): number | undefined {
    return this.#lastArrival;
  }

  get isComplete(): boolean {
    // It is asked again and again: events are looked through only when there are enough arrivals.
    return this.#deliveries >= this.#accepted * this.#destinations && this.verdict().lost === 0;
  }

  verdict(): Verdict {
    const fates = this.#users.flat().filter(({ acceptedAt }) => acceptedAt !== undefined);
    const arrived = fates.reduce((sum, { arrivedAt }) => sum + arrivedAt.filter(isNumber).length, 0);
    return {
      accepted: this.#accepted,
      deliveries: this.#deliveries,
      lost: this.#accepted * this.#destinations - arrived,
      duplicates: this.#duplicates,
      outOfOrder: this.#overtaken.length,
    };
  }

  /** The out of order, each in words. */
  get overtaken(): readonly string[] {
    return this.#overtaken;
  }

  /** The lost, each in words. */
  missing(): readonly string[] {
    return this.#users.flatMap((fates, user) =>
      fates.flatMap(({ acceptedAt, arrivedAt }, index) => {
        if (acceptedAt === undefined) return [];
        const destinations = Array.from({ length: this.#destinations }, (_, destination) => destination);
        return destinations
          .filter((destination) => arrivedAt[destination] === undefined)
          .map((destination) => `user ${user} at destination ${destination}: ${index}`);
      }),
    );
  }

  /**
   * Milliseconds from the answer to each event's arrival at each destination. The pipeline may be faster than its own
   * answer: that is 0.
   */
  delays(): readonly number[] {
    return this.#users.flat().flatMap(({ acceptedAt, arrivedAt }) => {
      if (acceptedAt === undefined) return [];
      return arrivedAt.filter(isNumber).map((at) => Math.max(0, at - acceptedAt));
    });
  }

  #find(messageId: string): { fate: Fate; user: number; index: number } | undefined {
    const [run, userText, indexText] = messageId.split(':');
    if (run !== this.#run) return undefined;
    const user = Number(userText);
    const index = Number(indexText);
    const fate = this.#users[user]?.[index];
    return fate === undefined ? undefined : { fate, user, index };
  }
}

const isNumber = (value: number | undefined): value is number => value !== undefined;
