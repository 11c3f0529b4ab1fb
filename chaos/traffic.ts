/** Users who never give up: what was not answered 200 is sent again, and the next event waits for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type Reply } from '../bench/client.ts';
import type { IssuedEvent, Ledger } from '../bench/ledger.ts';
import { Dice } from '../test/simulation/dice.ts';
import { WRITE_KEY } from './pipeline.ts';
import type { Poison } from './plan.ts';

/** Of everybody together. */
const REQUESTS_PER_SECOND = 10;
const MAX_EVENTS = 3;
/** Before a request is sent again. Of many users somebody asks at any moment, so that a start is met by load at once. */
const RETRY_MS = 2_000;

export interface World {
  /** Asked for each request: after a start it is another one. Undefined before the first. */
  readonly url: () => string | undefined;
  /** @param at milliseconds of `performance.now` */
  readonly onAccepted: (at: number) => void;
}

export class Traffic {
  /** Requests that had to be sent again: not answered at all, and answered "come again". */
  unanswered = 0;
  refused = 0;
  /** Answers that tell an SDK to throw events away. Of these there must be none. */
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

  /** Each goes with the next request of somebody. */
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
    const connection = new Connection(target, { gzip: false });
    try {
      while (this.#going) {
        await sleep(dice.int(0, this.#pauseMs));
        if (url() === undefined) continue;
        const issued = Array.from({ length: dice.int(1, MAX_EVENTS) }, () => this.#ledger.issue(user));
        const poison = this.#poisons.shift();
        const batch = issued.map((event, i) => toEvent(event, i === 0 ? poison : undefined));
        const body = Buffer.from(JSON.stringify({ batch }));
        if (!(await this.#insist(connection, body))) return;
        const at = performance.now();
        for (const { messageId } of issued) this.#ledger.accept(messageId, at);
        onAccepted(at);
      }
    } finally {
      connection.close();
    }
  }

  /** @returns false on an answer that says that sending again is of no use, and when it was abandoned */
  async #insist(connection: Connection, body: Buffer): Promise<boolean> {
    while (!this.#abandoned) {
      const reply = await post(connection, body);
      if (reply?.status === 200) return true;
      if (reply === undefined) this.unanswered += 1;
      else if (reply.status >= 500 || reply.status === 429) this.refused += 1;
      else {
        this.wrongAnswers.push(`${reply.status} ${reply.body}`);
        return false;
      }
      await sleep(RETRY_MS);
    }
    return false;
  }
}

const toEvent = ({ messageId, user }: IssuedEvent, poison: Poison | undefined): object => ({
  type: 'track',
  event: 'Step',
  userId: `user-${user}`,
  messageId,
  properties: poison === undefined ? {} : { poison },
});

/** @returns undefined when there was no answer: nobody listens, or who did was killed */
const post = async (connection: Connection, body: Buffer): Promise<Reply | undefined> => {
  try {
    return await connection.post('/v1/batch', body);
  } catch {
    return undefined;
  }
};
