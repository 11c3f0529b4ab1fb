import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { MAX_REQUEST_BYTES } from '../../../lambdas/core/base/limits.ts';
import { basic, NOW, proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const TEXT = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' };
const TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias', 'merge'];

describe('success', () => {
  test.each(TYPES)('POST /v1/%s stores one event of that type', async (type) => {
    const { post, queue } = setUp();
    const answer = await post({ ...GOOD, type: 'other' }, { path: `/v1/${type}` });
    expect(answer).toMatchObject({ statusCode: 200, body: 'ok', headers: TEXT, isBase64Encoded: false });
    expect(queue.envelopes).toEqual([
      {
        v: 1,
        kind: 'events',
        sourceId: 'web',
        receivedAt: NOW,
        events: [expect.objectContaining({ ...GOOD, type, receivedAt: NOW, request_ip: '203.0.113.7' })],
      },
    ]);
  });

  test('POST /v1/batch stores its events, and ignores other fields of the request', async () => {
    const { post, queue, metrics } = setUp();
    const batch = [GOOD, { ...GOOD, messageId: 'm2', type: 'track' }];
    const answer = await post({ batch, sentAt: '2020-01-01T00:00:00.000Z', type: 'x' });
    expect(answer).toMatchObject({ statusCode: 200, body: 'ok' });
    const [envelope] = queue.envelopes;
    expect(envelope).toMatchObject({
      events: [
        { messageId: 'm1', sentAt: NOW },
        { type: 'track', sentAt: NOW },
      ],
    });
    expect(metrics).toEqual([
      { dimensions: { Source: 'web' }, values: { EventsAccepted: 2, EventsRejected: 0 } },
    ]);
  });

  test('a batch that is not a list is a list of one', async () => {
    const { post, queue } = setUp();
    expect(await post({ batch: GOOD })).toMatchObject({ statusCode: 200 });
    expect(queue.envelopes).toMatchObject([{ events: [{ messageId: 'm1' }] }]);
  });

  test('a bad event next to a good one: 200, and both are kept', async () => {
    const { post, queue, metrics } = setUp();
    expect(await post({ batch: [{ event: 'lost' }, GOOD, 5] })).toMatchObject({
      statusCode: 200,
      body: 'ok',
    });
    const kept = queue.envelopes.map((envelope) =>
      envelope.kind === 'events' ? envelope.events.length : `${envelope.reason}: ${envelope.body}`,
    );
    expect(kept.sort()).toEqual([
      1,
      'event is not a valid rudder event: 5',
      'request neither has anonymousId nor userId: {"event":"lost"}',
    ]);
    expect(metrics).toEqual([
      { dimensions: { Source: 'web' }, values: { EventsAccepted: 1, EventsRejected: 2 } },
    ]);
  });

  test('the AnonymousId header does not count, neither for the user nor for the order', async () => {
    const { post, queue } = setUp();
    const Authorization = basic(WRITE_KEY);
    await post({ batch: [GOOD] }, { headers: { Authorization, AnonymousId: 'a' } });
    await post({ batch: [{ ...GOOD, messageId: 'm2' }] }, { headers: { Authorization, AnonymousId: 'b' } });
    expect(new Set(queue.stored.map(({ groupId }) => groupId)).size).toBe(1);
    const withoutUser = await post({ batch: [{}] }, { headers: { Authorization, AnonymousId: 'a' } });
    expect(withoutUser.statusCode).toBe(400);
  });

  test('any write key of a source, and any content type', async () => {
    const { post, queue } = setUp();
    const headers = { authorization: basic('rotated-key', 'ignored'), 'content-type': 'text/plain' };
    expect(await post({ batch: [GOOD] }, { headers })).toMatchObject({ statusCode: 200 });
    expect(queue.envelopes).toMatchObject([{ sourceId: 'web' }]);
  });
});

describe('bodies', () => {
  const batch = JSON.stringify({ batch: [GOOD] });

  test.each([
    ['plain', batch],
    ['gzip', gzipSync(batch)],
    ['gzip in two members', Buffer.concat([gzipSync(batch.slice(0, 9)), gzipSync(batch.slice(9))])],
    ['with a byte order mark', `\uFEFF${batch}`],
  ])('%s is read, whatever Content-Encoding says', async (_, body) => {
    for (const encoding of ['gzip', 'identity', 'GZIP', undefined]) {
      const { ingest, queue } = setUp();
      const Authorization = basic(WRITE_KEY);
      const headers = { Authorization, ...(encoding === undefined ? {} : { 'Content-Encoding': encoding }) };
      expect(await ingest(proxyEvent({ body, headers }))).toMatchObject({ statusCode: 200 });
      expect(queue.envelopes).toMatchObject([{ events: [{ messageId: 'm1' }] }]);
    }
  });

  test('bytes that are not UTF-8 become U+FFFD', async () => {
    const { ingest, queue } = setUp();
    const body = Buffer.from('{"batch":[{"userId":"u1","name":"x?"}]}');
    body[body.indexOf('?')] = 0xff;
    expect(await ingest(proxyEvent({ body }))).toMatchObject({ statusCode: 200 });
    expect(queue.envelopes).toMatchObject([{ events: [{ name: 'x\uFFFD' }] }]);
  });

  test('4,000 KB are taken, one byte more is not; compressed or not', async () => {
    const event = (length: number) => `{"userId":"u1","pad":"${'x'.repeat(length)}"}`;
    // Events of 200 KB, and one that fills up the rest.
    const events = Array.from({ length: 19 }, () => event(200_000));
    const empty = Buffer.byteLength(`{"batch":[${[...events, event(0)].join(',')}]}`);
    const full = `{"batch":[${[...events, event(MAX_REQUEST_BYTES - empty)].join(',')}]}`;
    for (const encode of [(text: string) => text, gzipSync]) {
      const { ingest, queue } = setUp();
      expect(await ingest(proxyEvent({ body: encode(full) }))).toMatchObject({ statusCode: 200 });
      expect(queue.stored).toHaveLength(20);
      expect(await ingest(proxyEvent({ body: encode(`${full} `) }))).toMatchObject({
        statusCode: 413,
        body: 'request size exceeds max limit\n',
      });
    }
  });
});

describe('refusals', () => {
  const key = basic(WRITE_KEY);
  const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
  const cutGzip = gzipSync('{"batch":[]}'.repeat(100)).subarray(0, 20);
  const brokenGzip = Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const bomb = gzipSync(Buffer.alloc(100_000_000));
  const large = { userId: 'u1', pad: 'x'.repeat(250_000) };

  test.each<[string, string, string | Uint8Array | undefined, number, string]>([
    ['no body', key, undefined, 400, 'request body is nil'],
    ['an empty body', key, '', 400, 'request body is nil'],
    ['an empty gzip body', key, gzipSync(''), 400, 'request body is nil'],
    ['not JSON', key, 'hello', 400, 'invalid json'],
    ['half of JSON', key, '{"batch":[', 400, 'invalid json'],
    ['another compression', key, Buffer.from([0x78, 0x9c, 1, 2, 3]), 400, 'invalid json'],
    ['a cut gzip body', key, cutGzip, 400, 'failed to read body from request'],
    ['a broken gzip body', key, brokenGzip, 400, 'failed to read body from request'],
    ['two bytes of gzip', key, Buffer.from([0x1f, 0x8b]), 400, 'failed to read body from request'],
    ['a gzip bomb', key, bomb, 413, 'request size exceeds max limit'],
    ['5 MB', key, Buffer.alloc(5_000_000, ' '), 413, 'request size exceeds max limit'],
    ['an empty batch', key, '{"batch":[]}', 400, 'empty batch payload'],
    ['no batch', key, '{"events":[]}', 400, 'empty batch payload'],
    ['a null batch', key, '{"batch":null}', 400, 'empty batch payload'],
    ['a list', key, '[{"userId":"u1"}]', 400, 'empty batch payload'],
    [
      'a batch in the prototype',
      key,
      '{"__proto__":{"batch":[{"userId":"u1"}]}}',
      400,
      'empty batch payload',
    ],
    ['only bad events', key, '{"batch":[{},5]}', 400, 'request neither has anonymousId nor userId'],
    ['what is no event', key, '{"batch":["x"]}', 400, 'event is not a valid rudder event'],
    ['a million levels', key, `{"batch":[${deep}]}`, 400, 'event is not a valid rudder event'],
    ['one large event', key, JSON.stringify({ batch: [large] }), 413, 'event size exceeds max limit'],
    ['too many events', key, `{"batch":[${'0,'.repeat(20_000)}0]}`, 413, 'request size exceeds max limit'],
    ['no key', '', '{}', 401, 'failed to read writekey from header'],
    ['a bearer token', 'Bearer x', '{}', 401, 'failed to read writekey from header'],
    ['an empty key', basic(''), '{}', 401, 'failed to read writekey from header'],
    ['an unknown key', basic('unknown'), '{}', 401, 'invalid write key'],
    ['a key named as a method', basic('constructor'), '{}', 401, 'invalid write key'],
    ['a source that is off', basic('old-key'), '{}', 404, 'source is disabled'],
  ])('%s', async (_, Authorization, body, status, text) => {
    const { ingest, queue } = setUp();
    const answer = await ingest(
      proxyEvent({ headers: { Authorization }, ...(body === undefined ? {} : { body }) }),
    );
    expect(answer).toMatchObject({ statusCode: status, body: `${text}\n`, headers: TEXT });
    expect(answer.headers).not.toHaveProperty('Retry-After');
    expect(queue.envelopes.filter(({ kind }) => kind === 'events')).toEqual([]);
  });

  test.each([
    ['[]', 400, 'event is not a valid rudder event'],
    ['null', 400, 'event is not a valid rudder event'],
    ['"x"', 400, 'event is not a valid rudder event'],
    ['{}', 400, 'request neither has anonymousId nor userId'],
    ['{"anonymousId":"\\u200b"}', 400, 'request neither has anonymousId nor userId'],
    [JSON.stringify(large), 413, 'event size exceeds max limit'],
  ])('one event on its own: %j', async (body, status, text) => {
    const { post, queue, metrics } = setUp();
    expect(await post(body, { path: '/v1/track' })).toMatchObject({ statusCode: status, body: `${text}\n` });
    expect(queue.calls).toEqual([]);
    expect(metrics).toEqual([{ dimensions: { Source: 'web' }, values: { RequestsRefused: 1 } }]);
  });

  test('the key is checked before the body', async () => {
    const { post } = setUp();
    expect(await post('not JSON', { headers: {} })).toMatchObject({ statusCode: 401 });
  });
});

describe('routes', () => {
  test.each(['/v2/track', '/v1', '/v1/unknown', '/V1/batch', '/v1/batch/x', '/constructor'])(
    '%s is unknown',
    async (path) => {
      const { post } = setUp();
      expect(await post({ batch: [GOOD] }, { path })).toMatchObject({
        statusCode: 404,
        body: '404 page not found\n',
        headers: TEXT,
      });
    },
  );

  test.each([
    ['GET', '/v1/batch', 'POST, OPTIONS'],
    ['PUT', '/v1/track', 'POST, OPTIONS'],
    ['HEAD', '/v1/track', 'POST, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['HEAD', '/pixel/v1/track', 'GET, OPTIONS'],
    ['PUT', '/v1/webhook', 'GET, POST, OPTIONS'],
  ])('%s %s is the wrong method', async (method, path, allow) => {
    const { post } = setUp();
    const answer = await post({ batch: [GOOD] }, { method, path });
    expect(answer).toMatchObject({ statusCode: 405, body: 'invalid http request method\n' });
    expect(answer.headers).toMatchObject({ ...TEXT, Allow: allow });
  });

  test.each(['//v1/batch', '/v1/batch/'])('%s is /v1/batch: a 404 would make SDKs stop', async (path) => {
    const { post } = setUp();
    expect(await post({ batch: [GOOD] }, { path })).toMatchObject({ statusCode: 200 });
  });
});
