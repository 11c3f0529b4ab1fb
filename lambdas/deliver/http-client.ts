/** Sends one request and says what came back. What a network or a server does wrong is a value, never a throw. */
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Redact } from '../core/base/redaction.ts';
import { AddressRefused, checkLiteral, guardedLookup, type Networks, type Resolve } from './address.ts';
import { Connections } from './connections.ts';
import { transportReason } from './transport-reason.ts';
import { within } from './within.ts';

/** As PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface HttpRequest {
  /** Not there: POST. */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Not there: none is sent. Connections are kept for requests with the same one. */
  readonly tls?: ClientCertificate;
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
  /** Nothing was sent: the destination's configuration has to be fixed. */
  | { readonly kind: 'misconfigured'; readonly reason: string };

/** A destination may echo what it was sent. */
export const redacted = (reply: Reply, redact: Redact): Reply => {
  if (reply.kind !== 'answer') return { ...reply, reason: redact(reply.reason) };
  const { location, ...others } = reply.headers;
  const moved = location === undefined ? {} : { location: redact(location) };
  return { ...reply, headers: { ...others, ...moved }, body: redact(reply.body) };
};

export type HttpClient = (request: HttpRequest) => Promise<Reply>;

export interface HttpClientOptions {
  /** Milliseconds from connecting to the answer's last byte. */
  readonly timeout: number;
  readonly networks: Networks;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** PEM of the authorities whose certificates are trusted. Default: Node's, which are the public ones. */
  readonly ca?: string;
}

/** Bytes of an answer that are read; then the connection is cut, and the answer is what was read. */
const MAX_ANSWER = 64 * 1024;

/**
 * A kept-alive connection that the server had closed before it could see the request, or on which it sent what belongs to an earlier
 * answer.
 */
const STALE = Symbol('stale');

interface Exchange {
  readonly url: URL;
  readonly request: HttpRequest;
  /** `false`: a connection of its own. */
  readonly agent: http.Agent | false;
  readonly connections: Connections;
  readonly lookup: LookupFunction;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  readonly timeout: number;
}

/**
 * A client that keeps connections alive between requests, and follows no redirect: a destination gets what its
 * configuration says, and the address checks hold for where it goes.
 */
export const httpClient = ({ timeout, networks, resolve, ca }: HttpClientOptions): HttpClient => {
  const connections = new Connections();
  const lookup = guardedLookup(networks, resolve);
  return async (request) => {
    const url = new URL(request.url);
    const refused = checkLiteral(url, networks);
    if (refused !== undefined) return { kind: 'misconfigured', reason: refused.message };
    return within(timeout, async (signal) => {
      const call = { url, request, connections, lookup, ca, timeout, signal };
      const reply = await exchange({ ...call, agent: await connections.agent(url.protocol) });
      if (reply !== STALE) return reply;
      // Usual after the function was frozen for a while; no failure of the destination, so no backoff.
      const again = await exchange({ ...call, agent: false });
      return again === STALE ? { kind: 'transport', reason: 'the connection was closed' } : again;
    });
  };
};

/** Of Node's parser: what arrived is not what HTTP has in that place. */
const isParseError = ({ code }: NodeJS.ErrnoException): boolean => code?.startsWith('HPE_') === true;

/** On a reused connection, before an answer. */
const isOfEarlier = (error: NodeJS.ErrnoException): boolean =>
  isParseError(error) || ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');

const exchange = ({ url, request, agent, connections, lookup, ca, signal, timeout }: Exchange) =>
  new Promise<Reply | typeof STALE>((settle) => {
    const send = url.protocol === 'https:' ? https.request : http.request;
    const headers = { ...request.headers, 'content-length': Buffer.byteLength(request.body) };
    const { method = 'POST', tls } = request;
    const outgoing = send(url, { method, headers, agent, lookup, ca, signal, ...tls });
    let answer: Answer | undefined;
    const fail = (error: NodeJS.ErrnoException): void => {
      if (answer?.isComplete === true) {
        // What went wrong came after the answer: more bytes than it has, or an end of the connection.
        if (isParseError(error)) connections.keepNone();
        settle(answer.rest().reply());
      } else if (signal.aborted) {
        settle({ kind: 'transport', reason: `no complete answer within ${timeout / 1000} s` });
      } else if (error instanceof AddressRefused) {
        settle({ kind: 'misconfigured', reason: error.message });
      } else if (outgoing.reusedSocket && answer === undefined && isOfEarlier(error)) {
        if (isParseError(error)) connections.keepNone();
        settle(STALE);
      } else {
        settle({ kind: 'transport', reason: transportReason(error, tls !== undefined) });
      }
    };
    outgoing.on('error', fail);
    // For instance after 101 Switching Protocols, which Node ends without an answer and without an error.
    outgoing.on('close', () => {
      if (answer === undefined) fail(new Error('the connection was closed before an answer'));
    });
    outgoing.on('response', (response) => {
      const received = (answer = new Answer(response));
      const finish = (): void => {
        settle(received.reply());
      };
      response.on('error', fail);
      response.on('end', finish);
      response.on('data', (chunk: Buffer) => {
        if (!received.add(chunk)) return;
        finish();
        response.destroy();
      });
    });
    outgoing.end(request.body);
  });

/** What has been received of an answer. */
class Answer {
  readonly #response: http.IncomingMessage;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(response: http.IncomingMessage) {
    this.#response = response;
  }

  /** Its headers, and as much of a body as they declare, have arrived. */
  get isComplete(): boolean {
    return this.#response.complete;
  }

  /** @returns whether that is as much as is read */
  add(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    return this.#size >= MAX_ANSWER;
  }

  /** Takes what was received before an error, and not yet emitted: reading emits it. */
  rest(): this {
    while (this.#response.read() !== null);
    return this;
  }

  reply(): Reply {
    const { statusCode = 0, headers } = this.#response;
    const { location, 'retry-after': retryAfter } = headers;
    return {
      kind: 'answer',
      status: statusCode,
      headers: { location, 'retry-after': retryAfter },
      body: Buffer.concat(this.#chunks).subarray(0, MAX_ANSWER).toString('utf8'),
    };
  }
}
