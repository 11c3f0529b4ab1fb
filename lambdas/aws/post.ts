/** One request over HTTP, on a connection that is kept, with limits on its time. */
import http from 'node:http';
import https from 'node:https';

export interface PostLimits {
  /** Milliseconds to connect, TLS included ... */
  readonly connect: number;
  /** ... and, once connected, to answer. */
  readonly answer: number;
}

export interface Posted {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Post = (
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal?: AbortSignal,
  /** Default: POST to `/`. */
  target?: { readonly method: string; readonly path: string },
) => Promise<Posted>;

/** The error's name and message reach the log. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** The other side closed a connection that was kept, as it may at any time, and before it could have answered. */
const wasStale = (request: http.ClientRequest, error: Error): boolean =>
  request.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** Those that nothing runs on are as old as the one that was closed: none of them is tried. */
const closeIdle = ({ freeSockets }: http.Agent): void => {
  for (const sockets of Object.values(freeSockets)) for (const socket of sockets ?? []) socket.destroy();
};

/**
 * A request on a connection that had been closed meanwhile is sent once more, on a new one: Lambda freezes a function
 * for longer than a server keeps a connection.
 */
export const poster = (endpoint: URL, limits: PostLimits): Post => {
  const client = endpoint.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true });
  const connected = endpoint.protocol === 'https:' ? 'secureConnect' : 'connect';
  const { hostname, port } = endpoint;

  const once: (isLast: boolean, ...args: Parameters<Post>) => Promise<Posted> = (
    isLast,
    headers,
    body,
    signal,
    target = { method: 'POST', path: '/' },
  ) =>
    new Promise((resolve, reject) => {
      const request = client.request({ agent, hostname, port, ...target, headers });
      let timer: NodeJS.Timeout | undefined;
      const limit = (time: number, what: string): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          request.destroy(named('TimeoutError', `${endpoint.host} ${what} within ${time} ms`));
        }, time);
      };
      const abort = (): void => {
        request.destroy(named('AbortError', 'Request aborted'));
      };
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      // An error shows in the request, in the response, or in both.
      let hasFailed = false;
      const fail = (error: Error): void => {
        if (hasFailed) return;
        hasFailed = true;
        settle();
        if (isLast || !wasStale(request, error)) {
          reject(error);
          return;
        }
        closeIdle(agent);
        once(true, headers, body, signal, target).then(resolve, reject);
      };
      if (signal?.aborted === true) abort();
      signal?.addEventListener('abort', abort);
      request.on('socket', (socket) => {
        const answer = (): void => limit(limits.answer, 'did not answer');
        if (!socket.connecting) {
          answer();
          return;
        }
        limit(limits.connect, 'could not be reached');
        socket.once(connected, answer);
      });
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () => {
          settle();
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      });
      request.end(body);
    });

  return (...args) => once(false, ...args);
};
