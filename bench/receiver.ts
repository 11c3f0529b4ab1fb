/** The destinations: servers in this process, so that an event's sending and its arrival are read off one clock. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @param at milliseconds of `performance.now` */
export type OnArrival = (destination: number, messageId: string, at: number) => void;

export class Receiver {
  /** Who is told of arrivals; it changes with each scenario. */
  onArrival: OnArrival = () => undefined;
  /** How a request is answered. What is not answered 200 has not arrived. */
  answer: (destination: number) => number = () => 200;
  readonly #servers: readonly Server[];

  private constructor(destinations: number) {
    this.#servers = Array.from({ length: destinations }, (_, destination) =>
      createServer((request, response) => {
        this.#take(request, destination).then(
          (status) => response.writeHead(status).end(),
          // Not what the benchmark sent: the system under test has to hear that it sent nonsense.
          (error: unknown) => response.writeHead(400).end(String(error)),
        );
      }),
    );
  }

  /** Listens on free ports of the loopback address. */
  static async start(destinations: number): Promise<Receiver> {
    const receiver = new Receiver(destinations);
    for (const server of receiver.#servers) {
      server.keepAliveTimeout = 0;
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return receiver;
  }

  /** One for each destination. */
  get urls(): readonly string[] {
    return this.#servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }

  async #take(request: IncomingMessage, destination: number): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const at = performance.now();
    const status = this.answer(destination);
    if (status !== 200) return status;
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    for (const event of Array.isArray(body) ? (body as readonly unknown[]) : [body]) {
      this.onArrival(destination, messageIdOf(event), at);
    }
    return status;
  }
}

const messageIdOf = (event: unknown): string => {
  if (typeof event === 'object' && event !== null && 'messageId' in event) {
    if (typeof event.messageId === 'string') return event.messageId;
  }
  throw new Error('an event without a messageId');
};
