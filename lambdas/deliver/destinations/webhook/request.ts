/**
 * Events -> the request that a webhook receives.
 *
 * A receiver of RudderStack's webhooks needs no change: POST (or another method that is configured), one event's JSON, the same `User-Agent`, and
 * the same three edits of the body (`toPayload`). On top come batches, an idempotency key and a signature.
 *
 * One thing of RudderStack's is left out on purpose: there an event may name its own headers and URL (`header`,
 * `fullPath`, `appendPath`). An event comes from anybody who has the write key, which is public in a browser; it must
 * not choose where the pipeline sends requests, nor the headers.
 */
import { createHash, createHmac } from 'node:crypto';
import type { WebhookSettings } from '../../../../contract/settings.ts';
import { stringify } from '../../../core/base/exact-json.ts';
import { replayOf } from '../../../core/event/archive-line.ts';
import { isJsonObject, type JsonObject, type SluiceEvent } from '../../../core/event/event.ts';
import type { HttpRequest } from '../../http-client.ts';
import { clientCertificate } from './client-certificate.ts';
import { fillUrl, type Filled } from './url-template.ts';

export type WebhookConfig = Pick<
  WebhookSettings,
  'method' | 'url' | 'headers' | 'tls' | 'batch' | 'signingSecret'
>;

export type Built =
  /** `signatures`: of the request, which are as secret as the key for as long as a receiver takes them. */
  | { readonly kind: 'request'; readonly request: HttpRequest; readonly signatures: readonly string[] }
  /** The event has not what the URL needs. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** A secret's value is of no use. The reason says which, and never the value. */
  | { readonly kind: 'misconfigured'; readonly reason: string };

/** RudderStack's, to the letter: receivers and their firewalls recognize its requests by it. */
export const USER_AGENT = 'RudderLabs';

const DIRECTIVES = new Set(['header', 'fullPath', 'appendPath']);

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;
/** Visible ASCII without a full stop, which separates the id from the rest in what is signed. */
const PLAIN_ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Names of the secrets that a request needs. */
export const secretNames = ({
  url,
  headers,
  tls,
  signingSecret,
}: Pick<WebhookConfig, 'url' | 'headers' | 'tls' | 'signingSecret'>): readonly string[] =>
  [url, ...Object.values(headers), tls?.certificate, tls?.key, signingSecret].flatMap((value) =>
    typeof value === 'object' ? [value.secretName] : [],
  );

/**
 * The JSON of one event as RudderStack's webhook sends it: without its null fields (of the top level), without the keys
 * that direct a request there, and with `context.ip` filled in from `request_ip`.
 */
export const toPayload = (event: SluiceEvent): JsonObject => {
  const kept = Object.entries(event).filter(([key, value]) => value !== null && !DIRECTIVES.has(key));
  const payload: JsonObject = Object.fromEntries(kept);
  const ip = payload['request_ip'];
  const context = payload['context'] ?? {};
  const lacksIp = isJsonObject(context) && (context['ip'] ?? null) === null;
  return typeof ip === 'string' && ip !== '' && lacksIp
    ? { ...payload, context: { ...context, ip } }
    : payload;
};

/**
 * The same for every attempt at the same events, so that a receiver can recognize a repetition. It names the source: a
 * sender with the public key of a web page chooses the ids of its events, and must not make a receiver take a server's event for a
 * repetition. An
 * event's own id if it can stand in a header; a hash otherwise, for ids come from outside and may hold anything.
 */
export const idempotencyKey = (sourceId: string, events: readonly SluiceEvent[]): string => {
  const [first, ...others] = events;
  // An operator sends it again on purpose: its ids are the old ones, and a receiver is to take it.
  const replay = first === undefined ? undefined : replayOf(first);
  if (replay !== undefined) return hashed([replay, sourceId, ...events.map(({ messageId }) => messageId)]);
  if (first !== undefined && others.length === 0 && PLAIN_ID.test(first.messageId))
    return `${sourceId}:${first.messageId}`;
  return hashed([sourceId, ...events.map(({ messageId }) => messageId)]);
};

const hashed = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/**
 * Standard Webhooks: `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`, one for each key, so that a receiver can
 * change from an old key to a new one at any time in between.
 * @param keys `whsec_...` keys with white space between them
 * @param timestamp seconds since 1970
 * @returns undefined when one of them is not a key
 */
export const sign = (keys: string, id: string, timestamp: number, body: string): string | undefined => {
  const encoded = keys
    .trim()
    .split(/\s+/)
    .map((key) => key.replace(/^whsec_/, ''));
  const decoded = encoded.map((key) => Buffer.from(BASE64.test(key) ? key : '', 'base64'));
  if (decoded.some((key) => key.length === 0)) return undefined;
  const signed = `${id}.${timestamp}.${body}`;
  return decoded.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ');
};

/** Of a secret: what is secret is not sent in clear text, except to an address or a name that is no public one. */
const isUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\]|10\.[\d.]+|192\.168\.[\d.]+)$/.test(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isLocal)) && username === '' && password === '';
};

/** Of a secret the URL is taken as it is. @param events those of one request have the same URL */
const urlOf = (
  to: WebhookConfig['url'],
  [first]: readonly SluiceEvent[],
  secrets: ReadonlyMap<string, string>,
): Filled => {
  if (typeof to !== 'string') return { kind: 'url', url: secrets.get(to.secretName) ?? '' };
  return first === undefined ? { kind: 'url', url: to } : fillUrl(to, first);
};

/**
 * @param events at least one, at most `batch`; a destination with a batch of 1 gets an object, any other an array, of
 *   one event too, so that a receiver has one shape to read
 * @param secrets values of all `secretNames`
 * @param now milliseconds since 1970
 */
export const buildRequest = (
  { method, url: to, headers: configured, tls, batch, signingSecret }: WebhookConfig,
  sourceId: string,
  events: readonly SluiceEvent[],
  secrets: ReadonlyMap<string, string>,
  now: number,
): Built => {
  const filled = urlOf(to, events, secrets);
  if (filled.kind === 'rejected') return filled;
  const { url } = filled;
  if (typeof to !== 'string' && !isUrl(url)) {
    const reason = `url: the secret "${to.secretName}" is not an https URL without a user name or password`;
    return { kind: 'misconfigured', reason };
  }
  const certificate = tls && clientCertificate(tls, secrets);
  if (certificate !== undefined && 'mistake' in certificate)
    return { kind: 'misconfigured', reason: certificate.mistake };
  if (certificate !== undefined && typeof to !== 'string' && !url.startsWith('https:'))
    return { kind: 'misconfigured', reason: `tls: the secret "${to.secretName}" is not an https URL` };
  const payloads = events.map(toPayload);
  const body = stringify(batch === 1 ? payloads[0] : payloads);
  const id = idempotencyKey(sourceId, events);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(configured)) {
    const text = typeof value === 'string' ? value : (secrets.get(value.secretName) ?? '');
    if (typeof value !== 'string' && !HEADER_VALUE.test(text)) {
      const reason = `headers.${name}: the secret "${value.secretName}" is empty or holds what a header cannot`;
      return { kind: 'misconfigured', reason };
    }
    headers[name] = text;
  }
  Object.assign(headers, {
    'Content-Type': 'application/json',
    'User-Agent': USER_AGENT,
    'Idempotency-Key': id,
  });
  const request = { ...(method && { method }), url, headers, body, ...(certificate && { tls: certificate }) };
  if (signingSecret === undefined) return { kind: 'request', request, signatures: [] };

  const timestamp = Math.floor(now / 1000);
  const signature = sign(secrets.get(signingSecret.secretName) ?? '', id, timestamp, body);
  if (signature === undefined) {
    const reason = `signingSecret: the secret "${signingSecret.secretName}" is not a key; store "whsec_" and base64`;
    return { kind: 'misconfigured', reason };
  }
  Object.assign(headers, {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  });
  const signatures = signature.split(' ').map((one) => one.replace(/^v1,/, ''));
  return { kind: 'request', request, signatures };
};
