import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { basic, eventsOf, proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const IN_QUERY = `writeKey=${WRITE_KEY}`;

describe("Segment's short names", () => {
  test.each([
    ['i', 'identify'],
    ['t', 'track'],
    ['p', 'page'],
    ['s', 'screen'],
    ['g', 'group'],
    ['a', 'alias'],
  ])('/v1/%s is %s; the key may be in the body, and is not in the event', async (name, type) => {
    const { post, queue } = setUp();
    const body = { ...GOOD, writeKey: WRITE_KEY };
    expect(
      await post(body, { path: `/v1/${name}`, headers: { 'Content-Type': 'text/plain' } }),
    ).toMatchObject({ statusCode: 200, body: 'ok' });
    expect(eventsOf(queue)).toEqual([expect.objectContaining({ ...GOOD, type })]);
    expect(queue.stored[0]?.body).not.toContain(WRITE_KEY);
  });

  test('/v1/b is a batch', async () => {
    const { post, queue } = setUp();
    const batch = [{ ...GOOD, type: 'track', writeKey: WRITE_KEY }];
    expect(await post({ batch, writeKey: WRITE_KEY }, { path: '/v1/b', headers: {} })).toMatchObject({
      statusCode: 200,
    });
    expect(eventsOf(queue)).toMatchObject([{ ...GOOD, type: 'track' }]);
    expect(queue.stored[0]?.body).not.toContain(WRITE_KEY);
  });

  test('the header takes precedence over the body; a key without a source is refused', async () => {
    const { post, queue } = setUp();
    const of = (Authorization: string | undefined, writeKey: unknown) =>
      post(
        { ...GOOD, writeKey },
        { path: '/v1/t', headers: Authorization === undefined ? {} : { Authorization } },
      );
    expect(await of(basic('unknown'), WRITE_KEY)).toMatchObject({ statusCode: 401 });
    expect(await of(undefined, 'unknown')).toMatchObject({ statusCode: 401, body: 'invalid write key\n' });
    expect(await of(undefined, 'old-key')).toMatchObject({ statusCode: 404 });
    for (const key of [undefined, null, 5, {}, [WRITE_KEY]]) {
      expect(await of(undefined, key)).toMatchObject({
        statusCode: 401,
        body: 'failed to read writekey from header\n',
      });
    }
    expect(queue.calls).toEqual([]);
    expect(await of(basic('app-key'), WRITE_KEY)).toMatchObject({ statusCode: 200 });
    expect(queue.envelopes).toMatchObject([{ sourceId: 'app' }]);
  });
});

describe('/v1/import', () => {
  test('is a batch', async () => {
    const { post, queue } = setUp();
    const batch = [GOOD, { ...GOOD, userId: 'u2', messageId: 'm2' }];
    const { statusCode, body } = await post({ batch }, { path: '/v1/import' });
    expect([statusCode, body]).toEqual([200, '{"success":true}']);
    expect(eventsOf(queue).map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
  });
});

describe('/beacon/v1/batch', () => {
  const beacon = { path: '/beacon/v1/batch', headers: { 'Content-Type': 'text/plain;charset=UTF-8' } };

  test('has its write key in the query, and no header', async () => {
    const { post, queue } = setUp();
    expect(await post({ batch: [GOOD] }, { ...beacon, query: IN_QUERY })).toMatchObject({
      statusCode: 200,
      body: 'ok',
    });
    expect(eventsOf(queue)).toMatchObject([GOOD]);
  });

  test.each([
    [undefined, 'failed to read writekey from query params'],
    ['writeKey=', 'failed to read writekey from query params'],
    ['writeKey=unknown', 'invalid write key'],
  ])('with the query %j: 401 %s', async (query, text) => {
    const { post } = setUp();
    const parts = { ...beacon, ...(query === undefined ? {} : { query }) };
    expect(await post({ batch: [GOOD], writeKey: WRITE_KEY }, parts)).toMatchObject({
      statusCode: 401,
      body: `${text}\n`,
    });
  });
});

describe('webhooks of other services', () => {
  const EVENT = { type: 'track', event: 'webhook_source_event', anonymousId: 'new-0' };
  const hook = { path: '/v1/webhook', query: IN_QUERY, headers: {} };

  test.each([
    ['JSON', 'application/json', '{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['JSON, without a type', undefined, '[1,2]', [1, 2]],
    ['compressed JSON', 'application/json', gzipSync('{"a":1}'), { a: 1 }],
    [
      'a form',
      'application/x-www-form-urlencoded; charset=utf-8',
      'a=1&b=x+y&a=2&__proto__=3',
      JSON.parse('{"a":["1","2"],"b":["x y"],"__proto__":["3"]}') as unknown,
    ],
  ])('%s becomes the properties of an event', async (_, type, body, properties) => {
    const { ingest, queue } = setUp();
    const headers = type === undefined ? {} : { 'content-type': type };
    expect(await ingest(proxyEvent({ ...hook, headers, body }))).toMatchObject({
      statusCode: 200,
      body: 'ok',
    });
    expect(eventsOf(queue)).toEqual([expect.objectContaining({ ...EVENT, properties })]);
  });

  test('with GET the query does, and without a query there is no event', async () => {
    const { post, queue } = setUp();
    expect(await post('', { ...hook, method: 'GET' })).toMatchObject({ statusCode: 200, body: 'ok' });
    expect(queue.calls).toEqual([]);
    expect(await post('', { ...hook, method: 'GET', query: `${IN_QUERY}&a=1&a=2` })).toMatchObject({
      statusCode: 200,
    });
    expect(eventsOf(queue)).toMatchObject([{ ...EVENT, properties: { a: ['1', '2'] } }]);
  });

  test('basic auth is accepted as well', async () => {
    const { post, queue } = setUp();
    expect(await post('{"a":1}', { path: '/v1/webhook' })).toMatchObject({ statusCode: 200 });
    expect(eventsOf(queue)).toHaveLength(1);
  });

  test.each([
    ['multipart/form-data; boundary=x', '--x--', 400, 'error during parsing multiform'],
    ['application/json', '{', 400, 'invalid json'],
    ['application/x-www-form-urlencoded', '', 400, 'request body is nil'],
    ['application/json', JSON.stringify({ a: 'x'.repeat(250_000) }), 413, 'event size exceeds max limit'],
  ])('%s is refused when it is no event', async (type, body, status, text) => {
    const { post, queue } = setUp();
    const answer = await post(body, { ...hook, headers: { 'content-type': type } });
    expect(answer).toMatchObject({ statusCode: status, body: `${text}\n` });
    expect(eventsOf(queue)).toEqual([]);
  });
});

describe('read-only routes', () => {
  test('/version has the version of Sluice and of the code', async () => {
    const { post } = setUp();
    const answer = await post('', { method: 'GET', path: '/version', headers: {} });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ Version: '1.2.3', Commit: 'c0de' });
  });

  test('/robots.txt keeps search engines out', async () => {
    const { post } = setUp();
    expect(await post('', { method: 'GET', path: '/robots.txt', headers: {} })).toMatchObject({
      statusCode: 200,
      body: 'User-agent: *\nDisallow: /\n',
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    });
  });

  test.each(['/', '/health', '/version', '/robots.txt', '/sourceConfig'])(
    'HEAD %s is as GET',
    async (path) => {
      const { post } = setUp();
      expect(await post('', { method: 'HEAD', path })).toMatchObject({ statusCode: 200 });
    },
  );
});
