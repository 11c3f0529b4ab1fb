/** One connection to the data plane: requests go over it one after the other, and it is kept alive. */
import { Agent, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface Target {
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
  /** How many requests were answered "come again" before. */
  readonly refusals: number;
}

const MAX_TRIES = 20;
/** For a hang: API Gateway itself gives up after half a minute. */
const REPLY_LIMIT_MS = 60_000;
const compress = promisify(gzip);

export class Connection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #target: Target;
  readonly #gzip: boolean;

  constructor(target: Target, options: { readonly gzip: boolean }) {
    this.#target = target;
    this.#gzip = options.gzip;
  }

  /**
   * Sends events until they are accepted, as an SDK does: the next ones wait for them.
   * @throws Error when they are refused for good, or again and again
   */
  async deliver(events: readonly object[]): Promise<Sent> {
    const [single, ...more] = events;
    const isBatch = more.length > 0;
    const json = JSON.stringify(isBatch ? { batch: events } : single);
    const body = this.#gzip ? await compress(json) : Buffer.from(json);
    const path = isBatch ? '/v1/batch' : '/v1/track';
    for (let refusals = 0; ; refusals += 1) {
      const beganAt = performance.now();
      const reply = await this.post(path, body);
      if (reply.status === 200) return { beganAt, answeredAt: performance.now(), refusals };
      const isFinal = reply.status < 500 && reply.status !== 429;
      if (isFinal || refusals + 1 === MAX_TRIES) {
        throw new Error(`${path} was answered ${reply.status} at try ${refusals + 1}: ${reply.body}`);
      }
      await sleep(reply.retryAfter * 1_000);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Sends a request once. @throws Error when it is not answered */
  post(path: string, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
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
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${path} was not answered`)));
      outgoing.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const retryAfter = Number(response.headers['retry-after'] ?? 1);
          resolve({ status: response.statusCode ?? 0, retryAfter, body: text });
        });
      });
      outgoing.end(body);
    });
  }
}
