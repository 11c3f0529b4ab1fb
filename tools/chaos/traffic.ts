/** Users who never give up: what was not answered 200 is sent again, and the next event waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, Refused, type Reply } from '../driver/client.ts';
import { Dice } from '../driver/dice.ts';
import type { IssuedEvent, Ledger } from '../driver/ledger.ts';
import { WRITE_KEY } from './pipeline.ts';
import type { Poison } from './plan.ts';

/** Of all users together. */
const REQUESTS_PER_SECOND = 10;
const MAX_EVENTS = 3;
/** Before a request is sent again. Of many users one sends at any moment, so that a start has load from its beginning. */
const RETRY_MS = 2_000;

export interface World {
  /** Asked for each request: after a start it is another one. Undefined before the first. */
  readonly url: () => string | undefined;
  /** @param at milliseconds of `performance.now` */
  readonly onAccepted: (at: number) => void;
}

/** Ends a client that still insists. */
class Abandoned extends Error {}

export class Traffic {
  /** Requests that had to be sent again: not answered at all, and answered with a request to retry. */
  unanswered = 0;
  refused = 0;
  /** Answers that make an SDK throw events away. Of these there must be none. */
  readonly wrongAnswers: string[] = [];

  readonly #poisons: Poison[] = [];
  readonly #ledger: Ledger;
  readonly #world: World;
  readonly #users: readonly Promise<void>[];
  /** Between two requests of a user, at most; a half on average. */
  readonly #pauseMs: number;
  #going = true;
  #abandoned = false;

  constructor(ledger: Ledger, users: number, seed: number, world: World) {
    this.#ledger = ledger;
    this.#world = world;
    this.#pauseMs = (2 * users * 1_000) / REQUESTS_PER_SECOND;
    this.#users = Array.from({ length: users }, (_, user) => this.#send(user, new Dice(seed + user)));
  }

  /** Each goes with the next request of any user. */
  poison(poisons: readonly Poison[]): void {
    this.#poisons.push(...poisons);
  }

  /** Lets each user end what it has begun, which takes a pipeline that answers. */
  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#users);
  }

  /** When nobody is to answer any more. */
  abandon(): void {
    this.#going = false;
    this.#abandoned = true;
  }

  async #send(user: number, dice: Dice): Promise<void> {
    const { url, onAccepted } = this.#world;
    const target = {
      writeKey: WRITE_KEY,
      get dataPlaneUrl(): string {
        return url() ?? '';
      },
    };
    const connection = new Connection(target);
    try {
      while (this.#going) {
        await sleep(dice.int(0, this.#pauseMs));
        if (url() === undefined) continue;
        const issued = Array.from({ length: dice.int(1, MAX_EVENTS) }, () => this.#ledger.issue(user));
        const poison = this.#poisons.shift();
        const batch = issued.map((event, i) => toEvent(event, i === 0 ? poison : undefined));
        const at = await this.#insist(connection, batch);
        if (at === undefined) return;
        for (const { messageId } of issued) this.#ledger.accept(messageId, at);
        onAccepted(at);
      }
    } finally {
      connection.close();
    }
  }

  /** @returns when it was answered; undefined on an answer that says that sending again is of no use, and when it was abandoned */
  async #insist(connection: Connection, batch: readonly object[]): Promise<number | undefined> {
    try {
      const { answeredAt } = await connection.insist(
        '/v1/batch',
        { batch },
        {
          maxTries: Infinity,
          pauseMs: RETRY_MS,
          resendsUnanswered: true,
          onRetry: this.#onRetry,
        },
      );
      return answeredAt;
    } catch (error) {
      if (error instanceof Refused) this.wrongAnswers.push(`${error.reply.status} ${error.reply.body}`);
      else if (!(error instanceof Abandoned)) throw error;
      return undefined;
    }
  }

  readonly #onRetry = (reply: Reply | undefined): void => {
    if (reply === undefined) this.unanswered += 1;
    else this.refused += 1;
    if (this.#abandoned) throw new Abandoned();
  };
}

const toEvent = ({ messageId, user }: IssuedEvent, poison: Poison | undefined): object => ({
  type: 'track',
  event: 'Step',
  userId: `user-${user}`,
  messageId,
  properties: poison === undefined ? {} : { poison },
});
