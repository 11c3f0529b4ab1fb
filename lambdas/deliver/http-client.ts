/** Sends one request and says what came back. What a network or a server does wrong is a value, never a throw. */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { AddressRefused, checkLiteral, guardedLookup, type Networks, type Resolve } from './address.ts';

export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Pick<http.IncomingHttpHeaders, 'location' | 'retry-after'>;
      /** The first 64 KB. */
      readonly body: string;
    }
  /** No complete answer. Whether the other side has seen the request is unknown. */
  | { readonly kind: 'transport'; readonly reason: string }
  /** Nothing was sent: the destination's configuration has to be mended. */
  | { readonly kind: 'misconfigured'; readonly reason: string };

export type HttpClient = (request: HttpRequest) => Promise<Reply>;

export interface HttpClientOptions {
  /** Milliseconds from connecting to the answer's last byte. */
  readonly timeout: number;
  readonly networks: Networks;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
}

/** Bytes of an answer that are read; then the connection is cut, and the answer is what was read. */
const MAX_ANSWER = 64 * 1024;

/** A kept-alive connection that the server had closed before it could see the request. */
const STALE = Symbol('stale');

interface Exchange {
  readonly url: URL;
  readonly request: HttpRequest;
  /** `false`: a connection of its own. */
  readonly agent: http.Agent | false;
  readonly lookup: LookupFunction;
  readonly signal: AbortSignal;
  readonly timeout: number;
}

/**
 * A client that keeps connections alive between requests, and follows no redirect: a destination gets what its
 * configuration says, and the address checks hold for where it goes.
 */
export const httpClient = ({ timeout, networks, resolve }: HttpClientOptions): HttpClient => {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
  const lookup = guardedLookup(networks, resolve);
  return async (request) => {
    const url = new URL(request.url);
    const refused = checkLiteral(url, networks);
    if (refused !== undefined) return { kind: 'misconfigured', reason: refused.message };
    const agent = url.protocol === 'https:' ? agents.https : agents.http;
    const call = { url, request, lookup, timeout, signal: AbortSignal.timeout(timeout) };
    const reply = await exchange({ ...call, agent });
    if (reply !== STALE) return reply;
    // Usual after the function was frozen for a while; no failure of the destination, so no backoff.
    const again = await exchange({ ...call, agent: false });
    return again === STALE ? { kind: 'transport', reason: 'the connection was closed' } : again;
  };
};

const exchange = ({ url, request, agent, lookup, signal, timeout }: Exchange) =>
  new Promise<Reply | typeof STALE>((settle) => {
    const send = url.protocol === 'https:' ? https.request : http.request;
    const headers = { ...request.headers, 'content-length': Buffer.byteLength(request.body) };
    const outgoing = send(url, { method: 'POST', headers, agent, lookup, signal });
    let answered = false;
    const fail = (error: NodeJS.ErrnoException): void => {
      if (signal.aborted) {
        settle({ kind: 'transport', reason: `no complete answer within ${timeout / 1000} s` });
      } else if (error instanceof AddressRefused) {
        settle({ kind: 'misconfigured', reason: error.message });
      } else if (outgoing.reusedSocket && !answered && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) {
        settle(STALE);
      } else {
        settle({ kind: 'transport', reason: describe(error) });
      }
    };
    outgoing.on('error', fail);
    // For instance after 101 Switching Protocols, which Node ends without an answer and without an error.
    outgoing.on('close', () => {
      if (!answered) fail(new Error('the connection was closed before an answer'));
    });
    outgoing.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        const { location, 'retry-after': retryAfter } = response.headers;
        settle({
          kind: 'answer',
          status: response.statusCode ?? 0,
          headers: { location, 'retry-after': retryAfter },
          body: Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString('utf8'),
        });
      };
      response.on('error', fail);
      response.on('end', finish);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < MAX_ANSWER) return;
        finish();
        response.destroy();
      });
    });
    outgoing.end(request.body);
  });

/** Node tells of a failed connection to several addresses by an error without a message, which lists the others. */
const describe = (error: NodeJS.ErrnoException & { readonly errors?: readonly unknown[] }): string => {
  const text = error.errors === undefined ? error.message : error.errors.map(String).join('; ');
  return [error.code, text].filter((part) => part !== undefined && part !== '').join(': ');
};
