/** What the local servers share. All of them listen on the loopback address alone. */
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from './settings.ts';

export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** How to choose another port, for the message when it is taken: "set SLUICE_PORT". */
  readonly choose?: string;
}

/** @throws UsageError when the port is in use */
export const listen = async (server: Server, { host, port, choose }: ListenOptions): Promise<Listening> => {
  // A frozen function keeps its connections: one that the server closed in the meantime would fail its next call.
  server.keepAliveTimeout = 0;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const fix = choose === undefined ? '' : `; stop what listens there, or ${choose} to another`;
    throw new UsageError(`port ${port} is in use${fix}`);
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    close: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
};

export class BodyTooLarge extends Error {
  override name = 'BodyTooLarge';
}

/** @throws BodyTooLarge; the rest of the body is left unread */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLarge(`the body has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
