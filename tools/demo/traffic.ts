/** Users who never stop: each sends an event every now and then, and never loses sight of one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '../driver/client.ts';
import { Ledger } from '../driver/ledger.ts';

export const USERS = 12;
/** Of these the events have no name. */
export const NAMELESS: readonly number[] = [3, 7];
const PAUSE_MS = 1_000;

export class Traffic {
  readonly ledger = new Ledger(1);
  #going = true;
  #accepted = 0;
  #refused = 0;
  #delivered = 0;
  readonly #users: readonly Promise<void>[];

  constructor(dataPlaneUrl: string, writeKey: string) {
    this.#users = Array.from({ length: USERS }, (_, user) => this.#send(user, dataPlaneUrl, writeKey));
  }

  /** Events answered 200. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Requests that were not answered 200. */
  get refused(): number {
    return this.#refused;
  }

  /** Arrivals at the destination. */
  get delivered(): number {
    return this.#delivered;
  }

  arrive(messageId: string, at: number): void {
    this.#delivered += 1;
    this.ledger.arrive(0, messageId, at);
  }

  /** Lets each user end what it has begun. @throws Error when a request failed for good */
  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#users);
  }

  async #send(user: number, dataPlaneUrl: string, writeKey: string): Promise<void> {
    const connection = new Connection({ dataPlaneUrl, writeKey });
    try {
      // Not all at the same moment.
      await sleep((user * PAUSE_MS) / USERS);
      while (this.#going) {
        const { messageId } = this.ledger.issue(user);
        const traits = NAMELESS.includes(user) ? {} : { name: ` User ${user} ` };
        const event = { type: 'track', event: 'Step', userId: `user-${user}`, messageId, traits };
        const { answeredAt, refusals } = await connection.deliver([event], { resendsUnanswered: true });
        this.ledger.accept(messageId, answeredAt);
        this.#accepted += 1;
        this.#refused += refusals;
        await sleep(PAUSE_MS);
      }
    } finally {
      connection.close();
    }
  }
}
