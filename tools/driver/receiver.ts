/** Stands in for destinations: it runs in this process, so that an event's sending and its arrival are read off one clock. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './until.ts';

export type ReceivedEvent = Readonly<Record<string, unknown>> & { readonly messageId: string };

export interface ReceivedRequest {
  /** Distinguishes destinations: each has a path of its own. */
  readonly path: string;
  readonly method: string;
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

/** @param destination the index of its path @param at milliseconds of `performance.now` */
export type OnArrival = (destination: number, messageId: string, at: number) => void;

export interface ReceiverOptions {
  /**
   * Whether `requests` is kept, for looking back at it. Default: true. A program that measures, or that runs for hours, has a
   * ledger count arrivals one by one instead, and keeps no events.
   */
  readonly keepsRequests?: boolean;
  /** Where it listens, for a sender that cannot be told the address afterwards. Default: a free port of the loopback address. */
  readonly at?: { readonly host: string; readonly port: number };
}

const isTaken = (status: number): boolean => status >= 200 && status < 300;

const messageIdOf = (event: ReceivedEvent): string => {
  if (typeof event.messageId === 'string') return event.messageId;
  throw new Error('an event without a messageId');
};

export class Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly #keepsRequests: boolean;
  readonly #answering = new Map<string, Answering>();
  readonly #onArrival = new Map<string, (messageId: string, at: number) => void>();
  readonly #server = createServer((request, response) => {
    this.#take(request, response).catch((error: unknown) => {
      // Not what was sent: the pipeline has to hear that it delivered nonsense.
      response.writeHead(400).end(String(error));
    });
  });

  private constructor({ keepsRequests = true }: ReceiverOptions) {
    this.#keepsRequests = keepsRequests;
  }

  /** @throws Error when what `at` names is in use, or is not of this machine */
  static async start(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options);
    const { host, port } = options.at ?? { host: '127.0.0.1', port: 0 };
    receiver.#server.keepAliveTimeout = 0;
    receiver.#server.listen(port, host);
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

  /** @param onArrival called from now on for each event at one of these paths whose request is answered 2xx */
  watch(paths: readonly string[], onArrival: OnArrival): void {
    for (const [destination, path] of paths.entries())
      this.#onArrival.set(path, (messageId, at) => onArrival(destination, messageId, at));
  }

  /** Every event that was sent to a path, in the order of arrival, however it was answered. */
  sentTo(path: string): readonly ReceivedEvent[] {
    return this.#events((request) => request.path === path);
  }

  /** The events that were answered 2xx. */
  takenBy(path: string): readonly ReceivedEvent[] {
    return this.#events((request) => request.path === path && isTaken(request.status));
  }

  /** Waits until this many different events were taken. @throws Error that says how many there were */
  async waitFor(path: string, events: number, options: { deadlineMs?: number } = {}): Promise<void> {
    const ids = () => new Set(this.takenBy(path).map(({ messageId }) => messageId)).size;
    const context = () => `${ids()} of ${events} events were taken, in ${this.requests.length} requests`;
    await until(`${events} events at ${path}`, () => ids() >= events, { ...options, context });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #events(which: (request: ReceivedRequest) => boolean): readonly ReceivedEvent[] {
    return this.requests.filter(which).flatMap(({ events }) => events);
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const arrivedAt = performance.now();
    const { url: path = '', method = '', headers } = incoming;
    const parsed: unknown = JSON.parse(body);
    const events = (Array.isArray(parsed) ? parsed : [parsed]) as ReceivedEvent[];
    const request = { path, method, headers, body, events, at: Date.now(), status: 0 };
    if (this.#keepsRequests) this.requests.push(request);
    const reply = this.#answering.get(path)?.(request) ?? 200;
    if (reply === 'hang') return;
    const {
      status,
      headers: own,
      body: content,
      delay,
    } = typeof reply === 'number' ? { status: reply } : reply;
    if (delay !== undefined) await sleep(delay);
    const onArrival = this.#onArrival.get(path);
    if (onArrival !== undefined && isTaken(status))
      for (const event of events) onArrival(messageIdOf(event), arrivedAt);
    request.status = status;
    response.writeHead(status, own).end(content);
  }
}
