/** The SDKs: each sends its user's events in order, retries indefinitely, and may split the events into other batches on a retry. */
import type { ProxyEvent } from '../../../lambdas/ingest/request.ts';
import { INGEST_TIMEOUT, MINUTE, SECOND, sources } from './config.ts';
import { ingestFor } from './ingest.ts';
import type { SentEvent } from './ledger.ts';
import { sourceOf, userName } from './plan.ts';
import type { World } from './world.ts';

const MAX_BACKOFF = 2 * MINUTE;
/** After this many events a user logs in: later ones carry both ids. */
const ANONYMOUS = 2;

export interface ClientOptions {
  readonly now: () => number;
  readonly random: () => number;
  readonly after: (milliseconds: number, run: () => void) => void;
  /** The chance that a retry is split into other batches. */
  readonly recut: number;
  /** The most events of a request. */
  readonly batch: number;
  /** @param answer gets the status; undefined when there was none */
  readonly post: (
    event: ProxyEvent,
    ids: readonly string[],
    answer: (status: number | undefined) => void,
  ) => void;
  readonly violation: (text: string) => void;
}

const authorization = (user: number): string => {
  const key = sources.find(({ id }) => id === sourceOf(user))?.writeKeys[0] ?? '';
  return `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
};

export class Client {
  readonly #user: number;
  readonly #options: ClientOptions;
  #waiting: readonly SentEvent[] = [];
  /** The batch that is being sent, or has to be sent again unchanged. */
  #batch: readonly SentEvent[] = [];
  #isBusy = false;
  #failures = 0;

  constructor(user: number, options: ClientOptions) {
    this.#user = user;
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  send(events: readonly SentEvent[]): void {
    this.#waiting = [...this.#waiting, ...events];
    this.#flush();
  }

  #flush(): void {
    if (this.#isBusy || this.#waiting.length === 0) return;
    const { random, recut, batch, post } = this.#options;
    const isAnew = this.#batch.length === 0 || random() < recut;
    if (isAnew) this.#batch = this.#waiting.slice(0, 1 + Math.floor(random() * batch));
    this.#isBusy = true;
    const ids = this.#batch.map(({ id }) => id);
    post(this.#request(), ids, (status) => {
      this.#isBusy = false;
      this.#answered(status);
    });
  }

  #answered(status: number | undefined): void {
    const { violation, after, random } = this.#options;
    const isFinal = status !== undefined && status < 500;
    if (!isFinal) {
      this.#failures += 1;
      const full = Math.min(MAX_BACKOFF, SECOND * 2 ** this.#failures);
      after(Math.floor(full / 2 + (random() * full) / 2), () => {
        this.#flush();
      });
      return;
    }
    // An SDK drops a request that is answered 4xx, so only a request without a single good event may be.
    if (status !== 200 && this.#batch.some(({ kind }) => kind !== 'bad'))
      violation(`ingest: ${String(status)} for events of ${userName(this.#user)}`);
    this.#failures = 0;
    this.#waiting = this.#waiting.slice(this.#batch.length);
    this.#batch = [];
    this.#flush();
  }

  #request(): ProxyEvent {
    const sentAt = new Date(this.#options.now()).toISOString();
    const batch = this.#batch.map(({ id, user, number, kind, ...quirks }) => ({
      type: 'track',
      event: 'Step',
      messageId: id,
      ...(kind === 'bad' ? {} : { anonymousId: userName(user) }),
      ...(kind !== 'bad' && number >= ANONYMOUS ? { userId: 'person' } : {}),
      number,
      kind,
      ...quirks,
      sentAt,
    }));
    return {
      httpMethod: 'POST',
      path: '/v1/batch',
      headers: { authorization: authorization(this.#user) },
      body: JSON.stringify({ batch, sentAt }),
      isBase64Encoded: false,
    };
  }
}

/** One request to ingest, in a process that may die. @param answer gets the status; undefined when there was none */
export const post = (
  world: World,
  user: number,
  event: ProxyEvent,
  ids: readonly string[],
  answer: (status: number | undefined) => void,
): void => {
  let status: number | undefined;
  world.functions.invoke({
    of: 'ingest',
    name: `ingest-${userName(user)}`,
    timeout: INGEST_TIMEOUT,
    work: async (invocation) => {
      const { statusCode } = await ingestFor(world, invocation)(event);
      // The remains of a killed process meet the deadline, too; its answer goes to no client.
      if (statusCode >= 500 && invocation.isRunning && !invocation.isHurt)
        world.violation(`ingest: ${String(statusCode)} for ${ids.join(' ')}, although SQS was well`);
      return statusCode;
    },
    answered: (code) => {
      status = code;
      world.log(() => `${userName(user)} sent ${ids.join(' ')}: ${String(code)}`);
      if (code === 200) world.ledger.answered(ids);
    },
    over: () => {
      answer(status);
    },
  });
};

export const clientOf = (world: World, user: number): Client =>
  new Client(user, {
    now: () => world.schedule.now,
    random: world.random,
    after: (milliseconds, run) => {
      world.schedule.after(milliseconds, run);
    },
    recut: world.plan.settings.recut,
    batch: world.plan.settings.batch,
    violation: world.violation,
    post: (event, ids, answer) => {
      post(world, user, event, ids, answer);
    },
  });
