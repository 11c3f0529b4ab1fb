/** Stands in the place of every service: records what a destination sends, and answers as a test says. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TextDecoder } from 'node:util';

export interface Recorded {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Recorder {
  readonly requests: Recorded[] = [];
  /** What it answers. */
  answer: (request: Recorded) => Said = () => ({ status: 200 });
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const recorded: Recorded = {
          host: String(request.headers['x-forwarded-host']),
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: new TextDecoder().decode(Buffer.concat(chunks)),
        };
        this.requests.push(recorded);
        const { status, body = '{}', headers = {} } = this.answer(recorded);
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(body);
      });
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What was recorded since the last time. */
  take(): readonly Recorded[] {
    return this.requests.splice(0);
  }
}
