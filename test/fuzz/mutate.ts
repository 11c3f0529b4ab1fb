/** Requests of real SDKs, changed at random in ways that clients, proxies and attackers change them. */
import type { Dice } from '../../tools/driver/dice.ts';
import { bytesOf, textOf, type Fixture, type FixtureRequest } from '../sdk/fixture.ts';

export interface MutatedRequest {
  readonly method: string;
  readonly path: string;
  /** Without its question mark. */
  readonly query: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const TOKENS = [
  'NaN',
  '-Infinity',
  '1e400',
  '-0',
  '9007199254740993',
  'null',
  'true',
  '"',
  '\\',
  '\\u',
  '\\ud800',
  '"__proto__":{"a":1},',
  '"_aws":{"CloudWatchMetrics":[]},',
  '[[[[[[[[',
  '{}',
  '{"batch":',
  ',',
  '\u0000',
  '\uFEFF',
  '\uFFFF',
] as const;

const PATHS = [
  '/v1/batch',
  '/v1/track',
  '/v1/import',
  '/v1/webhook',
  '/beacon/v1/batch',
  '/pixel/v1/track',
  '/sourceConfig',
  '/v1/b',
  '//v1//batch/',
  '/v1/%2e%2e/health',
  '/v1/%ff',
  '/health',
  '/',
] as const;

const PARAMETERS = ['constructor', '__proto__', 'hasOwnProperty', 'toString', 'writeKey'] as const;

const METHODS = ['POST', 'GET', 'PUT', 'OPTIONS', 'HEAD', 'DELETE'] as const;

type Header = readonly [name: string, value: string];
const HEADERS: readonly [Header, ...Header[]] = [
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'br'],
  ['Content-Type', 'application/x-www-form-urlencoded'],
  ['Content-Type', 'multipart/form-data; boundary=x'],
  ['Content-Type', 'text/plain; charset=utf-16'],
  ['Authorization', 'Basic !!!'],
  ['Authorization', 'Bearer x'],
  ['AnonymousId', '\u00ff\u00fe'],
  ['Origin', 'null'],
  ['User-Agent', 'analytics-ruby/2.5.0'],
  ['X-Forwarded-For', '[2001:db8::7]:443, 1.2.3'],
  ['X-Forwarded-For', 'x'.repeat(2_000)],
  // Names that objects have of their own.
  ['constructor', '1'],
  ['__proto__', '1'],
];

const randomBytes = (dice: Dice, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => dice.int(0, 255)));

const place = (dice: Dice, { length }: Buffer): number => dice.int(0, length);

/** Replaces the bytes between two places. */
const splice = (body: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([body.subarray(0, from), by, body.subarray(Math.max(from, to))]);

const changeBody = (dice: Dice, body: Buffer): Buffer => {
  const at = place(dice, body);
  switch (dice.int(0, 6)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return splice(body, at, at + dice.int(1, 20), Buffer.alloc(0));
    case 2:
      return splice(body, at, at + 1, randomBytes(dice, 1));
    case 3:
      return splice(body, at, at, Buffer.from(dice.pick(TOKENS)));
    case 4:
      return splice(body, at, at + dice.int(1, 12), Buffer.from(dice.pick(TOKENS)));
    case 5:
      // A part of it again, elsewhere.
      return splice(body, at, at, body.subarray(place(dice, body), place(dice, body)));
    default:
      return splice(body, at, at, randomBytes(dice, dice.int(1, 40)));
  }
};

const changeHeaders = (dice: Dice, headers: MutatedRequest['headers']): MutatedRequest['headers'] => {
  const names = Object.keys(headers);
  const [first, ...others] = names;
  if (first !== undefined && dice.chance(0.4)) {
    const dropped = dice.pick([first, ...others]);
    return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== dropped));
  }
  const [name, value] = dice.pick(HEADERS);
  const kept = Object.entries(headers).filter(([other]) => other.toLowerCase() !== name.toLowerCase());
  return { ...Object.fromEntries(kept), [name]: value };
};

/** Percent-encoded, so that it may stand in a URL. */
const changeQuery = (dice: Dice, query = ''): string => {
  const name = dice.chance(0.3) ? dice.pick(PARAMETERS) : encodeURIComponent(dice.pick(TOKENS));
  const text = `${query}&${name}=${'a.'.repeat(dice.int(0, 30))}`;
  return text.slice(0, dice.int(0, text.length));
};

/** @returns a request of the fixtures with one to four changes */
export const mutate = (dice: Dice, fixtures: readonly [Fixture, ...Fixture[]]): MutatedRequest => {
  const { requests } = dice.pick(fixtures);
  const [first, ...others] = requests;
  if (first === undefined) throw new Error('a fixture has no request');
  const request: FixtureRequest = dice.pick([first, ...others]);
  let { method } = request;
  let [path = '/', query] = request.path.split('?');
  let headers = request.headers;
  let body: Buffer | undefined;
  if (request.body !== undefined) {
    const isText = dice.chance(0.8);
    body = isText ? Buffer.from(textOf(request.body)) : bytesOf(request.body);
    if (isText)
      headers = Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-encoding'),
      );
  }
  for (let changes = dice.int(1, 4); changes > 0; changes -= 1) {
    const kind = dice.int(0, 9);
    if (kind <= 5) body = changeBody(dice, body ?? Buffer.alloc(0));
    else if (kind === 6) headers = changeHeaders(dice, headers);
    else if (kind === 7) query = changeQuery(dice, query);
    else if (kind === 8) path = dice.pick(PATHS);
    else if (dice.chance(0.3)) method = dice.pick(METHODS);
  }
  return { method, path, query, headers, body };
};
