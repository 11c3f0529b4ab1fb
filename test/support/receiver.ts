/** A destination on this machine: it records every request, and answers as the test tells it to. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from '@jest/globals';
import { until } from './until.ts';

export type ReceivedEvent = Readonly<Record<string, unknown>> & { readonly messageId: string };

export interface ReceivedRequest {
  /** Tells destinations apart: each test gives every one its own path. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly events: readonly ReceivedEvent[];
  /** Milliseconds since 1970, when the whole request was there. */
  readonly at: number;
  /** 0 until it is answered. */
  readonly status: number;
}

/** `hang` never answers. */
export type Reply =
  | number
  | 'hang'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Milliseconds. */
      readonly delay?: number;
    };
export type Answering = (request: ReceivedRequest) => Reply;

const receivers = new Set<Receiver>();
afterAll(async () => {
  await Promise.all([...receivers].map((receiver) => receiver.close()));
});

export class Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      void this.#take(request.url ?? '', request.headers, body, response);
    });
  });
  readonly #answering = new Map<string, Answering>();

  private constructor() {
    receivers.add(this);
  }

  /** On a free port of the loopback address. It is closed after the file's tests, whatever becomes of them. */
  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** How requests to a path are answered from now on. Without it: 200. */
  answer(path: string, answering: Reply | Answering): void {
    this.#answering.set(path, typeof answering === 'function' ? answering : () => answering);
  }

  /** Every event that was sent to a path, in the order of arrival, however it was answered. */
  sentTo(path: string): readonly ReceivedEvent[] {
    return this.#events((request) => request.path === path);
  }

  /** The events that were answered 2xx. */
  takenBy(path: string): readonly ReceivedEvent[] {
    return this.#events((request) => request.path === path && request.status >= 200 && request.status < 300);
  }

  /** Waits until so many different events were taken. @throws Error that tells how many there were */
  async waitFor(path: string, events: number, options: { deadlineMs?: number } = {}): Promise<void> {
    const ids = () => new Set(this.takenBy(path).map(({ messageId }) => messageId)).size;
    const context = () => `${ids()} of ${events} events were taken, in ${this.requests.length} requests`;
    await until(`${events} events at ${path}`, () => ids() >= events, { ...options, context });
  }

  async close(): Promise<void> {
    receivers.delete(this);
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((done) => this.#server.close(done));
  }

  #events(which: (request: ReceivedRequest) => boolean): readonly ReceivedEvent[] {
    return this.requests.filter(which).flatMap(({ events }) => events);
  }

  async #take(
    path: string,
    headers: IncomingHttpHeaders,
    body: string,
    response: ServerResponse,
  ): Promise<void> {
    const parsed: unknown = JSON.parse(body);
    const events = (Array.isArray(parsed) ? parsed : [parsed]) as ReceivedEvent[];
    const request = { path, headers, body, events, at: Date.now(), status: 0 };
    this.requests.push(request);
    const reply = this.#answering.get(path)?.(request) ?? 200;
    if (reply === 'hang') return;
    const { status, headers: own, body: text, delay } = typeof reply === 'number' ? { status: reply } : reply;
    if (delay !== undefined) await sleep(delay);
    request.status = status;
    response.writeHead(status, own).end(text);
  }
}
