/** The keys of a webhook. */
import * as v from 'valibot';
import { count, got, httpUrl, onlySecret, secret } from '../values.ts';
import { anyDestination } from './any-destination.ts';
import { auth } from './webhook-auth.ts';
import { mistakeInTemplate } from './url-template.ts';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by Sluice itself on every request; a configured header of the same name would be in doubt. */
const OWN_HEADERS = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'host',
  'user-agent',
  'idempotency-key',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]);

/** Of the connection, or of one hop: RFC 9110, 7.6.1 and 10.1. They would change how the request is read. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
  'proxy-authenticate',
]);
/** What they hold is always a credential. */
export const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const headers = v.record(
  v.pipe(
    v.string(),
    v.regex(HEADER_NAME, got('is not a header name')),
    v.check((name) => !OWN_HEADERS.has(name.toLowerCase()), got('is set by Sluice itself; remove it')),
    v.check(
      (name) => !CONNECTION_HEADERS.has(name.toLowerCase()),
      got('belongs to the connection; remove it'),
    ),
  ),
  v.union(
    [v.pipe(v.string(), v.regex(HEADER_VALUE, 'has characters that a header cannot hold')), secret],
    'expected a header value: a string, or { secretName: "..." }',
  ),
);

const url = v.union(
  [
    v.pipe(
      httpUrl('https://example.com/hook', 'put them in headers.authorization as { secretName: "..." }'),
      v.check(
        (value) => mistakeInTemplate(value) === undefined,
        ({ input }) => mistakeInTemplate(input) ?? '',
      ),
    ),
    secret,
  ],
  'expected a URL, or { secretName: "..." }',
);

const network = v.picklist(['private', 'loopback', 'linkLocal']);

export const webhook = v.strictObject({
  ...anyDestination,
  type: v.literal('webhook'),
  /** Of its requests. Default: `'POST'`. */
  method: v.optional(
    v.picklist(['POST', 'PUT', 'PATCH'], got('is not a method; use "POST", "PUT" or "PATCH"')),
    'POST',
  ),
  /**
   * Where events are sent, or the secret that holds the whole URL. Path and query may have values of the event:
   * `https://api.example.com/users/{userId}/events`. Redirects are not followed.
   */
  url,
  /** Further request headers. A secret is named, never written. */
  headers: v.optional(headers, {}),
  /** Tokens of OAuth 2, which requests are sent with. Default: none. */
  auth: v.optional(auth),
  /** A client certificate (mTLS), as PEM, with those of the authorities in between, and its key. Default: none. */
  tls: v.optional(v.strictObject({ certificate: onlySecret, key: onlySecret })),
  /** Up to this many events of one user in one request, as a JSON array. Default: 1, a JSON object. */
  batch: v.optional(count(1, 1000), 1),
  /** Events of several users may be in one request: see `lambdas/deliver/sharing.ts`. Default: false. */
  shareBatches: v.optional(v.boolean('expected true or false'), false),
  /** Sign requests as Standard Webhooks, with a `whsec_...` secret. Default: unsigned. */
  signingSecret: v.optional(secret),
  /**
   * Hosts in other networks than the public one are refused. `true`: not those with private addresses (RFC 1918, RFC 4193). A list names
   * the networks: `'private'`, `'loopback'`, `'linkLocal'`. Default: false.
   */
  allowPrivateNetwork: v.optional(
    v.union(
      [v.boolean(), v.array(network)],
      'expected true, false, or a list of "private", "loopback" and "linkLocal"',
    ),
    false,
  ),
});
