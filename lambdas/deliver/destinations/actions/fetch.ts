/**
 * `fetch` for the code of the catalogue, over the client that guards where requests go: addresses that are not public are refused, redirects
 * are not followed, certificates are checked, and a call's time bounds all of its requests.
 */
import { STATUS_CODES } from 'node:http';
import type { HttpClient, Reply } from '../../http-client.ts';
import { scopes } from './run-scope.ts';

/** There is no answer: what happened stands in `reply`. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  readonly reply: Exclude<Reply, { kind: 'answer' }>;

  constructor(host: string, reply: Exclude<Reply, { kind: 'answer' }>) {
    super(`${host}: ${reply.reason}`);
    this.reply = reply;
  }
}

/** They have no body, and `Response` refuses one. */
const WITHOUT_BODY = new Set([204, 205, 304]);
/** The client sets them, or they belong to the connection. */
const NOT_PASSED = new Set(['content-length', 'connection', 'host', 'transfer-encoding']);

export interface FetchOptions {
  readonly send: HttpClient;
  /** Gets all requests in place of their own hosts, which it is told in a header. */
  readonly origin?: string | undefined;
}

const toHeaders = (reply: Extract<Reply, { kind: 'answer' }>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headers))
    for (const one of [value ?? []].flat()) headers.append(name, one);
  return headers;
};

export const guardedFetch =
  ({ send, origin }: FetchOptions): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const scope = scopes.getStore();
    const timeout = Math.floor(scope?.timeLeft ?? 0);
    // Also what code does later than its call, such as in a timer that it left behind.
    if (timeout <= 0)
      throw new NoAnswer(url.host, { kind: 'transport', reason: 'no time was left for the request' });
    const headers = Object.fromEntries([...request.headers].filter(([name]) => !NOT_PASSED.has(name)));
    const bytes = new Uint8Array(await request.arrayBuffer());
    const reply = await send({
      method: request.method,
      url: origin === undefined ? url.href : new URL(`${url.pathname}${url.search}`, origin).href,
      headers: origin === undefined ? headers : { ...headers, 'x-forwarded-host': url.host },
      body: '',
      bytes,
      timeout,
    });
    if (reply.kind !== 'answer') throw new NoAnswer(url.host, reply);
    if (scope !== undefined) scope.answers += 1;
    const { status, body } = reply;
    if (status < 200 || status > 599)
      throw new NoAnswer(url.host, { kind: 'transport', reason: `answered ${status}` });
    const response = new Response(WITHOUT_BODY.has(status) ? null : body, {
      status,
      statusText: STATUS_CODES[status] ?? '',
      headers: toHeaders(reply),
    });
    // Of a response that was not fetched it is empty; code of the catalogue reads it for its messages.
    Object.defineProperty(response, 'url', { value: url.href });
    return response;
  };
