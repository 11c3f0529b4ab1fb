/**
 * What RudderStack's data plane answers, request by request, and why Sluice differs where it does.
 *
 * RudderStack's side was read in its source, rudder-server at f2655fb (August 2026): `gateway/` and `gateway/response/`; for
 * `/sourceConfig`, which its hosted control plane serves, in what its SDKs do with the answer. None of it was run.
 */
import { gzipSync } from 'node:zlib';
import { basic, WRITE_KEY, type RequestParts } from '../lambdas/ingest/fakes.ts';

export interface Answered {
  readonly status: number;
  /** A text's first line, `GIF`, `JSON`, or nothing. */
  readonly body: string;
  /** Events, of those that were sent, which are stored to be delivered. */
  readonly stored: number;
}

export interface Case {
  readonly route: string;
  /** What is sent, for people. */
  readonly sent: string;
  readonly request: RequestParts;
  readonly rudderStack: Answered;
  /** Why Sluice answers otherwise; absent where it does not. */
  readonly because?: string;
}

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const LARGE = { ...GOOD, pad: 'x'.repeat(250_000) };
const DEEP = `{"userId":"u1","a":${'['.repeat(200)}${']'.repeat(200)}}`;
const json = (value: unknown): string => JSON.stringify(value);
const key = (user: string): RequestParts['headers'] => ({ Authorization: basic(user) });
const inQuery = `writeKey=${WRITE_KEY}`;

const ok = (stored: number): Answered => ({ status: 200, body: 'ok', stored });
const no = (status: number, body: string): Answered => ({ status, body, stored: 0 });
const gif = (stored: number): Answered => ({ status: 200, body: 'GIF', stored });

const BAD_ALONE = 'SDKs drop the whole batch on 400; the bad event is kept as rejected';
const SEGMENT = "Segment's SDKs for browsers and phones";
const HONEST = 'always a picture; 200 is for what is stored';
const NOT_A_SOURCE = 'for RudderStack’s own sources (reverse ETL), which Sluice does not have';

const single: readonly Case[] = [
  ...['identify', 'track', 'page', 'screen', 'group', 'alias', 'merge'].map((type) => ({
    route: `POST /v1/${type}`,
    sent: 'an event',
    request: { path: `/v1/${type}`, body: json(GOOD) },
    rudderStack: ok(1),
  })),
  ...(
    [
      ['no body', undefined, no(400, 'invalid json'), 'says what is wrong'],
      ['not JSON', 'hello', no(400, 'invalid json')],
      ['a list', '[]', no(400, 'event is not a valid rudder event')],
      ['no ids', '{}', no(400, 'request neither has anonymousId nor userId')],
      [
        'ids of blanks',
        '{"userId":" ","anonymousId":""}',
        no(400, 'request neither has anonymousId nor userId'),
      ],
      ['an id that is a number', '{"userId":5}', ok(1)],
      ['an id that is an object', '{"userId":{}}', ok(1), 'unrelated users would share a key'],
      ['240 KB and more', json(LARGE), ok(1), 'it must fit SQS and DynamoDB'],
      ['200 levels deep', DEEP, ok(1), 'it could overflow the stack of what reads it'],
    ] as const
  ).map(([sent, body, rudderStack, because]) => ({
    route: 'POST /v1/track',
    sent,
    request: { path: '/v1/track', ...(body === undefined ? {} : { body }) },
    rudderStack,
    ...(because === undefined ? {} : { because }),
  })),
];

const batch = (
  sent: string,
  body: string | Uint8Array,
  rudderStack: Answered,
  because?: string,
  headers: RequestParts['headers'] = key(WRITE_KEY),
): Case => ({
  route: 'POST /v1/batch',
  sent,
  request: { body, ...(headers === undefined ? {} : { headers }) },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

const two = json({ batch: [GOOD, { ...GOOD, messageId: 'm2' }] });
const gzipHeader = { ...key(WRITE_KEY), 'Content-Encoding': 'gzip' };
const AGAIN = 'SDKs send it again for ever after a 5xx';
const BYTES = 'proxies and beacons get the header wrong; the bytes tell';

const batches: readonly Case[] = [
  batch('two events', two, ok(2)),
  batch('`batch` is an object', json({ batch: GOOD }), ok(1)),
  batch('no `batch`', '{}', no(400, 'empty batch payload')),
  batch('an empty one', '{"batch":[]}', no(400, 'empty batch payload')),
  batch(
    'a good event, one without ids',
    json({ batch: [GOOD, {}] }),
    no(400, 'request neither has anonymousId nor userId'),
    BAD_ALONE,
  ),
  batch(
    'a good event, one that is no object',
    json({ batch: [GOOD, 5] }),
    no(400, 'event is not a valid rudder event'),
    BAD_ALONE,
  ),
  batch('only events without ids', '{"batch":[{}]}', no(400, 'request neither has anonymousId nor userId')),
  batch('gzip, with its header', gzipSync(two), ok(2), undefined, gzipHeader),
  batch('gzip, without its header', gzipSync(two), no(400, 'invalid json'), BYTES),
  batch('plain, with gzip’s header', two, no(500, 'failed to read body from request'), BYTES, gzipHeader),
  batch(
    'half of a gzip body',
    gzipSync(two).subarray(0, 30),
    no(500, 'failed to read body from request'),
    AGAIN,
    gzipHeader,
  ),
  batch(
    'a byte order mark first',
    `\uFEFF${two}`,
    no(400, 'invalid json'),
    'it is skipped: the rest is JSON',
  ),
  batch('5 MB', `{"batch":[],"pad":"${'x'.repeat(5_000_000)}"}`, no(413, 'request size exceeds max limit')),
  batch(
    '20,001 events',
    json({ batch: Array.from({ length: 20_001 }, () => ({ userId: 'u' })) }),
    ok(20_001),
    'they could not all be stored before the deadline',
  ),
  batch('no write key', two, no(401, 'failed to read writekey from header'), undefined, {}),
  batch('a wrong write key', two, no(401, 'invalid write key'), undefined, key('unknown')),
  batch('the key of a source that is off', two, no(404, 'source is disabled'), undefined, key('old-key')),
  {
    route: 'POST /v1/batch',
    sent: 'the write key in the body alone',
    request: { headers: {}, body: json({ batch: [GOOD], writeKey: WRITE_KEY }) },
    rudderStack: no(401, 'failed to read writekey from header'),
    because: SEGMENT,
  },
  {
    route: 'POST /v1/import',
    sent: 'two events',
    request: { path: '/v1/import', body: two },
    rudderStack: ok(2),
  },
  {
    route: 'POST /v1/import',
    sent: 'a good event, one without ids',
    request: { path: '/v1/import', body: json({ batch: [GOOD, {}] }) },
    rudderStack: no(400, 'request neither has anonymousId nor userId'),
    because: BAD_ALONE,
  },
];

const beacons: readonly Case[] = [
  {
    route: 'POST /beacon/v1/batch',
    sent: 'two events, the key in the query',
    request: {
      path: '/beacon/v1/batch',
      query: inQuery,
      headers: { 'Content-Type': 'text/plain' },
      body: two,
    },
    rudderStack: ok(2),
  },
  {
    route: 'POST /beacon/v1/batch',
    sent: 'no write key',
    request: { path: '/beacon/v1/batch', headers: {}, body: two },
    rudderStack: no(401, 'failed to read writekey from query params'),
  },
  {
    route: 'POST /beacon/v1/batch',
    sent: 'the key in the header alone',
    request: { path: '/beacon/v1/batch', body: two },
    rudderStack: no(401, 'failed to read writekey from query params'),
    because: 'nothing is lost by taking it',
  },
];

const pixel = (sent: string, query: string, rudderStack: Answered, because?: string): Case => ({
  route: 'GET /pixel/v1/{track,page}',
  sent,
  request: { method: 'GET', path: '/pixel/v1/track', headers: {}, query },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

const pixels: readonly Case[] = [
  pixel('an event', `${inQuery}&userId=u1&event=Opened&properties.mail=7`, gif(1)),
  pixel('no ids', `${inQuery}&event=Opened`, gif(0), HONEST),
  pixel('an empty `event`', `${inQuery}&userId=u1&event=`, gif(0), HONEST),
  pixel('no write key', 'userId=u1&event=Opened', gif(0), HONEST),
  pixel('a wrong write key', 'writeKey=unknown&userId=u1&event=Opened', gif(0), HONEST),
];

const hook = (sent: string, request: RequestParts, rudderStack: Answered, because?: string): Case => ({
  route: `${request.method ?? 'POST'} /v1/webhook`,
  sent,
  request: { path: '/v1/webhook', query: inQuery, headers: {}, ...request },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

const webhooks: readonly Case[] = [
  hook('JSON, for a webhook source', { body: '{"order":7}' }, ok(1)),
  hook(
    'a form, for a webhook source',
    { body: 'order=7', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
    ok(1),
  ),
  hook(
    'a multipart form, for a webhook source',
    { body: '--x--', headers: { 'Content-Type': 'multipart/form-data; boundary=x' } },
    ok(1),
    'an event is no place for files',
  ),
  hook(
    'a query',
    { method: 'GET', query: `${inQuery}&order=7` },
    { status: 200, body: '', stored: 0 },
    'a 200 says that it is stored; RudderStack drops it, except for Adjust',
  ),
  hook('nothing', { method: 'GET' }, { status: 200, body: '', stored: 0 }, 'the body says so, too'),
  hook('no write key', { query: '', body: '{}' }, no(401, 'failed to read writekey from query params')),
];

const config = (sent: string, request: RequestParts, rudderStack: Answered, because?: string): Case => ({
  route: 'GET /sourceConfig',
  sent,
  request: { method: 'GET', path: '/sourceConfig', ...request },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

const configs: readonly Case[] = [
  config('with the key', {}, { status: 200, body: 'JSON', stored: 0 }),
  config('with a slash at the end', { path: '/sourceConfig/' }, { status: 200, body: 'JSON', stored: 0 }),
  config(
    'a wrong write key',
    { headers: key('unknown') ?? {} },
    no(400, 'JSON'),
    'on 400 the newer mobile SDKs delete what they have stored',
  ),
  config(
    'the key of a source that is off',
    { headers: key('old-key') ?? {} },
    { status: 200, body: 'JSON', stored: 0 },
  ),
];

const read = (method: string, path: string, rudderStack: Answered, because?: string): Case => ({
  route: `${method} ${path}`,
  sent: '',
  request: { method, path, headers: {} },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});
const page = (body: string): Answered => ({ status: 200, body, stored: 0 });
const wrongMethod: Answered = { status: 405, body: '', stored: 0 };
const unknown = no(404, '404 page not found');

const others: readonly Case[] = [
  read('GET', '/', page('JSON')),
  read('GET', '/health', page('JSON')),
  read('HEAD', '/health', wrongMethod, 'load balancers probe with it'),
  read('GET', '/version', page('JSON')),
  read('GET', '/robots.txt', page('User-agent: *')),
  read('GET', '/docs', page('HTML'), 'the docs are in the repository'),
  {
    route: 'OPTIONS /v1/track',
    sent: 'a preflight',
    request: { method: 'OPTIONS', path: '/v1/track', headers: { Origin: 'https://shop.example' } },
    rudderStack: { status: 204, body: '', stored: 0 },
  },
  ...Object.entries({ i: 'identify', t: 'track', p: 'page', s: 'screen', g: 'group', a: 'alias' }).map(
    ([short, long]) => ({
      route: `POST /v1/${short}`,
      sent: `an event: as /v1/${long}`,
      request: { path: `/v1/${short}`, body: json(GOOD) },
      rudderStack: unknown,
      because: SEGMENT,
    }),
  ),
  {
    route: 'POST /v1/b',
    sent: 'two events: as /v1/batch',
    request: { path: '/v1/b', body: two },
    rudderStack: unknown,
    because: SEGMENT,
  },
  {
    route: 'POST //v1/batch, /v1/batch/',
    sent: 'two events',
    request: { path: '//v1/batch/', body: two },
    rudderStack: unknown,
    because: 'a slash too many in an SDK’s URL; a 404 makes mobile SDKs stop',
  },
  {
    route: 'POST /v1/audiencelist',
    sent: 'a list',
    request: { path: '/v1/audiencelist', body: '{}' },
    rudderStack: ok(1),
    because: NOT_A_SOURCE,
  },
  {
    route: 'POST /internal/v1/batch',
    sent: 'events',
    request: { path: '/internal/v1/batch', body: two },
    rudderStack: ok(2),
    because: NOT_A_SOURCE,
  },
  read('GET', '/v1/track', wrongMethod, 'says what is wrong, with `Allow`'),
  read('PUT', '/v1/batch', wrongMethod, 'says what is wrong, with `Allow`'),
  read('GET', '/anything', unknown),
];

export const CASES: readonly Case[] = [
  ...single,
  ...batches,
  ...beacons,
  ...pixels,
  ...webhooks,
  ...configs,
  ...others,
];
