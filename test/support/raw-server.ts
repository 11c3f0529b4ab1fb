/** Servers of TCP and TLS that a test answers by hand, byte by byte. */
import net from 'node:net';
import tls from 'node:tls';

export interface RawServer {
  readonly port: number;
  /** Connections that were made. */
  readonly connections: () => number;
  /** Ends it, with all its connections. */
  readonly close: () => Promise<void>;
}

/** @param connection and @param request count from 1; requests per connection */
export type OnRequest = (socket: net.Socket, connection: number, request: number) => void;

const listen = async (server: net.Server, event: string, onRequest: OnRequest, host: string) => {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on(event, (socket: net.Socket) => {
    const connection = (connections += 1);
    let requests = 0;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (data.includes('POST ')) onRequest(socket, connection, (requests += 1));
    });
  });
  await new Promise<void>((done, fail) => server.on('error', fail).listen(0, host, done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    port: address.port,
    connections: () => connections,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};

export const rawServer = (onRequest: OnRequest, host = '127.0.0.1'): Promise<RawServer> =>
  listen(net.createServer(), 'connection', onRequest, host);

export const rawTlsServer = (
  options: tls.TlsOptions,
  onRequest: OnRequest,
  host = '127.0.0.1',
): Promise<RawServer> =>
  listen(
    tls.createServer(options).on('tlsClientError', () => undefined),
    'secureConnection',
    onRequest,
    host,
  );
