/** Events as the SDKs for servers and browsers send them: one, a batch, a beacon. */
import { gzipSync } from 'node:zlib';
import { WRITE_KEY, type RequestParts } from '../lambdas/ingest/fakes.ts';
import { GOOD, inQuery, json, key, no, ok, SEGMENT, two, type Answered, type Case } from './case.ts';

const LARGE = { ...GOOD, pad: 'x'.repeat(250_000) };
const DEEP = `{"userId":"u1","a":${'['.repeat(200)}${']'.repeat(200)}}`;
const PARSED = 'Segment’s Java and Ruby SDKs parse the answer, and repeat the request if it is not JSON';
const BAD_ALONE = 'SDKs drop the whole batch on 400; the bad event is kept as rejected';

export const single: readonly Case[] = [
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
        'ids of whitespace',
        '{"userId":" ","anonymousId":""}',
        no(400, 'request neither has anonymousId nor userId'),
      ],
      [
        'ids of invisible characters',
        '{"userId":"\u200b\ufeff","anonymousId":"\u00a0"}',
        no(400, 'request neither has anonymousId nor userId'),
      ],
      ['an id that is a number', '{"userId":5}', ok(1)],
      ['an id of 2^53 and more', '{"userId":9007199254740993,"price":1.0}', ok(1)],
      ['an id that is `true`', '{"userId":true}', ok(1)],
      ['an id that is an object', '{"userId":{}}', ok(1)],
      ['240 KB and more', json(LARGE), ok(1), 'it must fit SQS and DynamoDB'],
      ['200 levels deep', DEEP, ok(1), 'it could overflow the stack of its readers'],
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

const gzipHeader = { ...key(WRITE_KEY), 'Content-Encoding': 'gzip' };
const AGAIN = 'SDKs retry it forever after a 5xx';
const BYTES = 'proxies and beacons get the header wrong; the bytes show it';

export const batches: readonly Case[] = [
  batch('two events', two, ok(2)),
  batch('`batch` is an object', json({ batch: GOOD }), ok(1)),
  batch('no `batch`', '{}', no(400, 'empty batch payload')),
  batch('an empty `batch`', '{"batch":[]}', no(400, 'empty batch payload')),
  batch(
    'a good event, one without ids',
    json({ batch: [GOOD, {}] }),
    no(400, 'request neither has anonymousId nor userId'),
    BAD_ALONE,
  ),
  batch(
    'a good event, one that is not an object',
    json({ batch: [GOOD, 5] }),
    no(400, 'event is not a valid rudder event'),
    BAD_ALONE,
  ),
  batch(
    'a good event, one with `NaN`',
    `{"batch":[${json(GOOD)},{"userId":"u2","messageId":"m2","properties":{"price":NaN}}]}`,
    no(400, 'invalid json'),
    BAD_ALONE,
  ),
  batch(
    'two events, the second cut off',
    `{"batch":[${json(GOOD)},{"userId":"u2","messageI`,
    no(400, 'invalid json'),
    'the whole event is good; the rest is kept as rejected',
  ),
  batch('only an event with `NaN`', '{"batch":[{"userId":"u2","price":NaN}]}', no(400, 'invalid json')),
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
  batch(
    '5,001 events, each of another user',
    json({ batch: Array.from({ length: 5_001 }, (_, n) => ({ userId: `u${n}` })) }),
    ok(5_001),
    'each is a message of its own, and all must be stored before the deadline; no SDK has as many in a batch',
  ),
  batch('no write key', two, no(401, 'failed to read writekey from header'), undefined, {}),
  batch('a wrong write key', two, no(401, 'invalid write key'), undefined, key('unknown')),
  batch('the key of a disabled source', two, no(404, 'source is disabled'), undefined, key('old-key')),
  {
    route: 'POST /v1/batch',
    sent: 'the write key only in the body',
    request: { headers: {}, body: json({ batch: [GOOD], writeKey: WRITE_KEY }) },
    rudderStack: no(401, 'failed to read writekey from header'),
    because: SEGMENT,
  },
  {
    route: 'POST /v1/batch',
    sent: 'two events, by an SDK whose name is `analytics-java` or `analytics-ruby`',
    request: { headers: { ...key(WRITE_KEY), 'User-Agent': 'analytics-java/3.5.2' }, body: two },
    rudderStack: ok(2),
    because: PARSED,
  },
  {
    route: 'POST /v1/batch',
    sent: 'two events, by RudderStack’s SDK for Ruby',
    request: { headers: { ...key(WRITE_KEY), 'User-Agent': 'Ruby', Accept: 'application/json' }, body: two },
    rudderStack: ok(2),
  },
  {
    route: 'POST /v1/import',
    sent: 'two events',
    request: { path: '/v1/import', body: two },
    rudderStack: ok(2),
    because: PARSED,
  },
  {
    route: 'POST /v1/import',
    sent: 'a good event, one without ids',
    request: { path: '/v1/import', body: json({ batch: [GOOD, {}] }) },
    rudderStack: no(400, 'request neither has anonymousId nor userId'),
    because: BAD_ALONE,
  },
  {
    route: 'POST /v1/import',
    sent: 'a wrong write key',
    request: { path: '/v1/import', headers: key('unknown') ?? {}, body: two },
    rudderStack: no(401, 'invalid write key'),
    because: PARSED,
  },
];

export const beacons: readonly Case[] = [
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
    sent: 'the key only in the header',
    request: { path: '/beacon/v1/batch', body: two },
    rudderStack: no(401, 'failed to read writekey from query params'),
    because: 'accepting it loses nothing',
  },
];
