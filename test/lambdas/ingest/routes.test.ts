import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { basic, NOW, proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const IN_QUERY = `writeKey=${WRITE_KEY}`;

const eventsOf = (queue: ReturnType<typeof setUp>['queue']): readonly Record<string, unknown>[] =>
  queue.envelopes.flatMap((envelope) => (envelope.kind === 'events' ? envelope.events : []));

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

  test('the header counts more than the body; what names no source is refused', async () => {
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
    expect(await post({ batch }, { path: '/v1/import' })).toMatchObject({ statusCode: 200, body: 'ok' });
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

describe('pixels', () => {
  const pixel = async (query: string, type = 'track', more: Parameters<typeof setUp>[0] = {}) => {
    const { ingest, queue } = setUp(more);
    const answer = await ingest(proxyEvent({ method: 'GET', path: `/pixel/v1/${type}`, query, headers: {} }));
    return { answer, events: eventsOf(queue) };
  };
  const isGif = (body: string) => Buffer.from(body, 'base64').toString('latin1').startsWith('GIF89a');

  test('the query is the event, with fields of fields by dots', async () => {
    const query = `${IN_QUERY}&anonymousId="a1"&event=Opened&properties.mail.id=7&context.page.url=https%3A%2F%2Fx%2F&event=Late`;
    const { answer, events } = await pixel(query);
    expect(answer).toMatchObject({
      statusCode: 200,
      isBase64Encoded: true,
      headers: { 'Content-Type': 'image/gif', 'Cache-Control': 'no-store', 'X-Sluice-Answer': 'ok' },
    });
    expect(isGif(answer.body)).toBe(true);
    expect(events).toEqual([
      expect.objectContaining({
        type: 'track',
        channel: 'web',
        integrations: { All: true },
        anonymousId: 'a1',
        event: 'Opened',
        properties: { mail: { id: '7' } },
        context: { page: { url: 'https://x/' } },
        originalTimestamp: NOW,
        sentAt: NOW,
      }),
    ]);
    expect(JSON.stringify(events)).not.toContain(WRITE_KEY);
  });

  test('a page without a name has one; later fields count', async () => {
    const { events } = await pixel(`${IN_QUERY}&userId=u1&name=&type=x&a=1&a.b=2`, 'page');
    expect(events).toMatchObject([{ type: 'page', name: 'Unknown Page', a: { b: '2' } }]);
  });

  test('names of JavaScript are names', async () => {
    const { answer, events } = await pixel(
      `${IN_QUERY}&userId=u1&__proto__.x=1&constructor.prototype.y=2&..=3&.=4`,
    );
    expect(answer.statusCode).toBe(200);
    expect(Object.keys(events[0] ?? {})).toEqual(expect.arrayContaining(['__proto__', 'constructor', '']));
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(({} as Record<string, unknown>)['y']).toBeUndefined();
  });

  test.each([
    ['userId=u1&event=x', 401, 'failed to read writekey from query params'],
    ['writeKey=unknown&userId=u1&event=x', 401, 'invalid write key'],
    ['writeKey=old-key&userId=u1&event=x', 404, 'source is disabled'],
    [`${IN_QUERY}&event=x`, 400, 'request neither has anonymousId nor userId'],
    [`${IN_QUERY}&userId=u1&event=`, 400, 'event is not a valid rudder event'],
    [`${IN_QUERY}&userId=u1&${'a.'.repeat(3000)}b=1`, 400, 'event is not a valid rudder event'],
  ])('%.60s: a picture all the same, and the truth beside it', async (query, status, text) => {
    const { answer, events } = await pixel(query);
    expect(answer).toMatchObject({ statusCode: status, headers: { 'X-Sluice-Answer': text } });
    expect(isGif(answer.body)).toBe(true);
    expect(events).toEqual([]);
  });

  test.each([
    ['SQS is down', { sender: { send: () => Promise.reject(new InfraFault('down')) }, deadline: 10 }],
    [
      'a bug of ours',
      {
        clock: () => {
          throw new Error('a bug');
        },
      },
    ],
  ])('%s: 503, with a picture', async (_, more) => {
    const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
    const { answer } = await pixel(`${IN_QUERY}&userId=u1&event=x`, 'track', { sleep, ...more });
    expect(answer).toMatchObject({
      statusCode: 503,
      headers: { 'Content-Type': 'image/gif', 'Retry-After': '20', 'X-Sluice-Answer': 'service unavailable' },
    });
    expect(isGif(answer.body)).toBe(true);
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

  test('by GET the query does, and without one there is no event', async () => {
    const { post, queue } = setUp();
    expect(await post('', { ...hook, method: 'GET' })).toMatchObject({ statusCode: 200, body: 'ok' });
    expect(queue.calls).toEqual([]);
    expect(await post('', { ...hook, method: 'GET', query: `${IN_QUERY}&a=1&a=2` })).toMatchObject({
      statusCode: 200,
    });
    expect(eventsOf(queue)).toMatchObject([{ ...EVENT, properties: { a: ['1', '2'] } }]);
  });

  test('basic auth will do', async () => {
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
    expect(queue.calls).toEqual([]);
  });
});

describe('what is only read', () => {
  test('/version says which Sluice, and which code', async () => {
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
