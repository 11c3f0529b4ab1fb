/** The other routes: pixels, webhooks, `/sourceConfig`, and those for people and load balancers. */
import type { RequestParts } from '../lambdas/ingest/fakes.ts';
import { GOOD, inQuery, json, key, no, ok, SEGMENT, two, type Answered, type Case } from './case.ts';

const gif = (stored: number): Answered => ({ status: 200, body: 'GIF', stored });

const HONEST = 'always a picture; 200 is for what is stored';
const NOT_A_SOURCE = 'for RudderStack’s own sources (reverse ETL), which Sluice does not have';

const pixel = (sent: string, query: string, rudderStack: Answered, because?: string): Case => ({
  route: 'GET /pixel/v1/{track,page}',
  sent,
  request: { method: 'GET', path: '/pixel/v1/track', headers: {}, query },
  rudderStack,
  ...(because === undefined ? {} : { because }),
});

export const pixels: readonly Case[] = [
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

export const webhooks: readonly Case[] = [
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
    'an event cannot contain files',
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

export const configs: readonly Case[] = [
  config('with the key', {}, { status: 200, body: 'JSON', stored: 0 }),
  config('with a slash at the end', { path: '/sourceConfig/' }, { status: 200, body: 'JSON', stored: 0 }),
  config(
    'a wrong write key',
    { headers: key('unknown') ?? {} },
    no(400, 'JSON'),
    'on 400 the newer mobile SDKs delete what they have stored',
  ),
  config(
    'the key of a disabled source',
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

export const others: readonly Case[] = [
  read('GET', '/', page('JSON')),
  read('GET', '/health', page('JSON')),
  read('HEAD', '/health', wrongMethod, 'load balancers probe with it'),
  read('GET', '/ready', unknown, 'a health check that chooses a region goes by it'),
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
    because: 'an extra slash in an SDK’s URL; a 404 makes mobile SDKs stop',
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
