/**
 * Every answer ingest can give. Texts and codes are RudderStack's, because SDKs act on them: some read the text, some
 * wipe their store on 401, drop what they sent on 400 and 413, or stop on 404.
 */
import type { Random } from '../core/base/clock.ts';

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What API Gateway takes for an answer. */
export interface ProxyResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** A refusal's text, and its status. A 4xx says that sending it again is useless. */
const STATUS = {
  'request body is nil': 400,
  'failed to read body from request': 400,
  'invalid json': 400,
  'error during parsing multiform': 400,
  'empty batch payload': 400,
  'request neither has anonymousId nor userId': 400,
  'event is not a valid rudder event': 400,
  'failed to read writekey from header': 401,
  'failed to read writekey from query params': 401,
  'invalid write key': 401,
  'source is disabled': 404,
  '404 page not found': 404,
  'invalid http request method': 405,
  'event size exceeds max limit': 413,
  'request size exceeds max limit': 413,
  'request has events of too many users': 413,
  'max requests limit reached': 429,
} as const;

export type Refusal = keyof typeof STATUS;

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };

/** Exactly 200: the old mobile SDKs take nothing else for success. */
export const OK: Answer = { status: 200, body: 'ok', headers: TEXT };

/** @param detail follows the text, which SDKs look for */
export const refuse = (
  text: Refusal,
  headers: Readonly<Record<string, string>> = {},
  detail = '',
): Answer => ({
  status: STATUS[text],
  body: `${text}${detail}\n`,
  headers: { ...TEXT, ...headers },
});

/**
 * The event is not stored, and the SDK should send it again. From 10 to 30 seconds, because the server-side SDKs give
 * up after three retries and honour this header: it makes them wait out a minute of trouble instead of their own second and
 * a half. Spread out, so that they do not all come back at the same time.
 */
export const unavailable = (random: Random): Answer => ({
  status: 503,
  body: 'service unavailable\n',
  headers: { ...TEXT, 'Retry-After': String(10 + Math.floor(random() * 21)) },
});

/** Seconds. A client that has to wait longer is answered 429 again. */
const LONGEST_WAIT = 300;

/** The source has sent more than its limit. Spread out, so that its clients do not all come back at the same time. @param wait milliseconds */
export const slowDown = (wait: number, random: Random): Answer => {
  const seconds = Math.min(LONGEST_WAIT, Math.ceil(wait / 1000)) + Math.floor(random() * 10);
  return refuse('max requests limit reached', { 'Retry-After': String(seconds) });
};

export const json = (body: unknown, cacheControl = 'no-store'): Answer => ({
  status: 200,
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': cacheControl },
});

/** Nothing here is for search engines. */
export const ROBOTS: Answer = { status: 200, body: 'User-agent: *\nDisallow: /\n', headers: TEXT };
