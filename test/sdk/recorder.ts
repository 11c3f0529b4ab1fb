/** A stand-in for a RudderStack data plane and control plane on this machine, which records the requests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asJson, readsJson } from '../../lambdas/ingest/answer-format.ts';
import { OK } from '../../lambdas/ingest/response.ts';
import { until } from '../../tools/driver/until.ts';
import { eventsIn, type Body, type FixtureRequest } from './fixture.ts';
import { WRITE_KEY, type Step } from './story.ts';

/** Headers of the connection, of the body's length, and of the installed browser: none that an SDK decides. */
const NOT_THE_SDKS =
  /^(accept-encoding|accept-language|cache-control|connection|content-length|dnt|host|pragma|priority|referer|sec-.*)$/i;

const headersOf = ({ rawHeaders }: IncomingMessage): Record<string, string> => {
  const pairs = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : []));
  const kept = pairs.filter(([name = '', value = '']) => {
    const isBrowsersName = /^user-agent$/i.test(name) && value.startsWith('Mozilla/');
    return !NOT_THE_SDKS.test(name) && !isBrowsersName;
  });
  const byName = ([a = '']: string[], [b = '']: string[]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1);
  return Object.fromEntries(kept.sort(byName)) as Record<string, string>;
};

const bodyOf = (bytes: Buffer): { body?: Body } => {
  if (bytes.length === 0) return {};
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return { body: isGzip ? { gzipBase64: bytes.toString('base64') } : bytes.toString() };
};

const SOURCE_CONFIG = JSON.stringify({
  source: {
    id: 'web',
    name: 'web',
    writeKey: WRITE_KEY,
    enabled: true,
    workspaceId: 'workspace',
    updatedAt: '2026-01-01T00:00:00.000Z',
    config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
    destinations: [],
  },
});

export class Recorder {
  readonly requests: FixtureRequest[] = [];
  /** The following requests belong to them. */
  variant = '';
  step: Step = 'load';
  /** This many of the next requests with events are answered 503. */
  refusals = 0;
  readonly #taken = new Set<string>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => this.#take(request, Buffer.concat(chunks), response));
  });

  static async start(): Promise<Recorder> {
    const recorder = new Recorder();
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until this many more distinct events were accepted than before a call. */
  async whileTaking(events: number, call: () => unknown): Promise<void> {
    const wanted = this.#taken.size + events;
    await call();
    await until(`${this.variant}, ${this.step}: ${events} events`, () => this.#taken.size >= wanted, {
      context: () => `${this.#taken.size} of ${wanted}: ${JSON.stringify(this.requests.at(-1))}`,
    });
  }

  /** Waits until a request was refused. */
  async whileRefusing(call: () => unknown): Promise<void> {
    const { refusals } = this;
    await call();
    await until('a refusal', () => this.refusals < refusals);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #take(request: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const { variant, step } = this;
    const recorded = { variant, step, method, path: url, headers: headersOf(request), ...bodyOf(bytes) };
    this.#keep(recorded);
    const origin = headers.origin;
    if (origin !== undefined) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-credentials', 'true');
    }
    if (method === 'OPTIONS') {
      response.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '');
      response.writeHead(204).end();
    } else if (url.startsWith('/sourceConfig')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(SOURCE_CONFIG);
    } else if (this.refusals > 0) {
      this.refusals -= 1;
      response.writeHead(503).end('service unavailable');
    } else {
      eventsIn(recorded).forEach(({ messageId }) => this.#taken.add(messageId));
      const asker = {
        method,
        path: url.replace(/\/$/, ''),
        headers: new Map(Object.entries(headers as Record<string, string>)),
      };
      const { status, headers: more, body } = readsJson(asker) ? asJson(OK) : OK;
      response.writeHead(status, more).end(body);
    }
  }

  /** Browsers differ in how long they cache a preflight: equal ones are kept once. */
  #keep(recorded: FixtureRequest): void {
    const isSame = ({ variant, method, path, headers }: FixtureRequest) =>
      JSON.stringify([variant, method, path, headers]) ===
      JSON.stringify([recorded.variant, recorded.method, recorded.path, recorded.headers]);
    if (recorded.method !== 'OPTIONS' || !this.requests.some(isSame)) this.requests.push(recorded);
  }
}
