/** One connection to the data plane: requests go over it one after the other, and it is kept alive. */
import { Agent, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface Target {
  /** Read for each request: a local run that is started again listens on another port. */
  readonly dataPlaneUrl: string;
  readonly writeKey: string;
}

export interface Reply {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter: number;
  readonly body: string;
}

export interface Sent {
  /** When the request that was accepted was begun and answered; milliseconds of `performance.now`. */
  readonly beganAt: number;
  readonly answeredAt: number;
  /** How many requests were answered "try again" before, or not at all. */
  readonly refusals: number;
}

/** How long a client insists. By default it does as an SDK does with a pipeline that is up. */
export interface Persistence {
  readonly maxTries?: number;
  /** Milliseconds before a request is sent again. Default: what the answer says. */
  readonly pauseMs?: number;
  /** Whether a request that is not answered at all is sent again: for a local run that is killed. */
  readonly resendsUnanswered?: boolean;
  /** Called before a request is sent again. @param reply undefined: there was none */
  readonly onRetry?: (reply: Reply | undefined) => void;
}

/** No answer: nothing listens, or what listened has gone. */
export class Unanswered extends Error {
  override name = 'Unanswered';
}

/** An answer that makes an SDK throw the events away, or one more "try again" than the client takes. */
export class Refused extends Error {
  override name = 'Refused';
  readonly reply: Reply;

  constructor(message: string, reply: Reply) {
    super(message);
    this.reply = reply;
  }
}

const MAX_TRIES = 20;
/** For a hang: API Gateway itself gives up after half a minute. */
const REPLY_LIMIT_MS = 60_000;
const compress = promisify(gzip);

export class Connection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #target: Target;
  readonly #gzip: boolean;

  constructor(target: Target, options: { readonly gzip: boolean } = { gzip: false }) {
    this.#target = target;
    this.#gzip = options.gzip;
  }

  /** Sends events until they are accepted, one alone to `/v1/track` and more as a batch. @throws Error as `insist` */
  deliver(events: readonly object[], persistence?: Persistence): Promise<Sent> {
    const [single, ...more] = events;
    return more.length > 0
      ? this.insist('/v1/batch', { batch: events }, persistence)
      : this.insist('/v1/track', single, persistence);
  }

  /**
   * Sends a request until it is accepted, as an SDK does: the next ones wait for it.
   * @throws Refused when it is refused for good, or again and again
   * @throws Unanswered unless such a request is to be sent again
   */
  async insist(path: string, json: unknown, persistence: Persistence = {}): Promise<Sent> {
    const { maxTries = MAX_TRIES, pauseMs, resendsUnanswered = false, onRetry } = persistence;
    const text = JSON.stringify(json);
    const body = this.#gzip ? await compress(text) : Buffer.from(text);
    for (let refusals = 0; ; refusals += 1) {
      const beganAt = performance.now();
      const reply = await this.#post(path, body).catch((error: unknown) => {
        if (resendsUnanswered && error instanceof Unanswered) return undefined;
        throw error;
      });
      if (reply?.status === 200) return { beganAt, answeredAt: performance.now(), refusals };
      const isFinal = reply !== undefined && reply.status < 500 && reply.status !== 429;
      if (reply !== undefined && (isFinal || refusals + 1 === maxTries))
        throw new Refused(
          `${path} was answered ${reply.status} at try ${refusals + 1}: ${reply.body}`,
          reply,
        );
      onRetry?.(reply);
      await sleep(pauseMs ?? (reply?.retryAfter ?? 1) * 1_000);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new Unanswered(error.message, { cause: error }));
      const outgoing = send(`${this.#target.dataPlaneUrl}${path}`, {
        method: 'POST',
        agent: this.#agent,
        auth: `${this.#target.writeKey}:`,
        timeout: REPLY_LIMIT_MS,
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          ...(this.#gzip ? { 'content-encoding': 'gzip' } : {}),
        },
      });
      outgoing.on('error', fail);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${path} was not answered`)));
      outgoing.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', fail);
        response.on('end', () => {
          const retryAfter = Number(response.headers['retry-after'] ?? 1);
          resolve({ status: response.statusCode ?? 0, retryAfter, body: text });
        });
      });
      outgoing.end(body);
    });
  }
}
