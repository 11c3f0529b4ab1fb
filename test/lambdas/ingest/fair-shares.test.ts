/** What one source, or one request, may take: rate limits, order keys, and what a browser's public key cannot reach. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { idempotencyKey } from '../../../lambdas/deliver/destinations/webhook/request.ts';
import { sleep } from '../../../lambdas/ingest/send.ts';
import { keysToSources } from '../../../lambdas/ingest/write-key.ts';
import { basic, eventsOf, setUp, THROTTLED } from './fakes.ts';

const WEB = 'web-key';
const SERVER = 'server-key';

const limited = (more: Parameters<typeof setUp>[0] = {}) => {
  let now = Date.parse('2026-01-02T03:04:05.678Z');
  const world = setUp({
    sourceOf: keysToSources([
      {
        id: 'web',
        enabled: true,
        orderBy: 'auto',
        writeKeys: [WEB, 'web-key-2'],
        rateLimit: { eventsPerSecond: 2, burst: 10 },
      },
      { id: 'backend', enabled: true, orderBy: 'auto', writeKeys: [SERVER] },
    ]),
    clock: () => now,
    ...more,
  });
  return {
    ...world,
    as: (key: string, body: unknown, path = '/v1/batch') =>
      world.post(body, { path, headers: { Authorization: basic(key), Origin: 'https://shop.example' } }),
    pass: (ms: number) => {
      now += ms;
    },
  };
};

const batch = (events: number) => ({
  batch: Array.from({ length: events }, (_, n) => ({ userId: `u${n}` })),
});

describe('a source with a rate limit', () => {
  it('is answered 429 with Retry-After beyond its burst, and nothing of it is stored or counted as refused', async () => {
    const { as, queue, metrics } = limited();
    expect((await as(WEB, batch(10))).statusCode).toBe(200);
    const answer = await as(WEB, { userId: 'late' }, '/v1/track');
    expect([answer.statusCode, answer.body]).toEqual([429, 'max requests limit reached\n']);
    expect(answer.headers).toMatchObject({
      // Half a second, rounded up, and half of the ten seconds over which clients are spread.
      'Retry-After': '6',
      'Access-Control-Expose-Headers': 'Retry-After',
    });
    expect(eventsOf(queue)).toHaveLength(10);
    expect(metrics.at(-1)).toEqual({ dimensions: { Source: 'web' }, values: { RequestsLimited: 1 } });
  });

  it('is taken again when it has waited', async () => {
    const { as, pass } = limited();
    await as(WEB, batch(10));
    pass(499);
    expect((await as(WEB, batch(1))).statusCode).toBe(429);
    pass(1);
    expect((await as(WEB, batch(1))).statusCode).toBe(200);
  });

  it('has one limit for all its keys; other sources are not limited by it', async () => {
    const { as } = limited();
    await as(WEB, batch(10));
    expect((await as('web-key-2', batch(1))).statusCode).toBe(429);
    expect((await as(SERVER, batch(500))).statusCode).toBe(200);
    expect((await as(SERVER, batch(500))).statusCode).toBe(200);
  });

  it('may send a request of more than its burst, and then waits for it, five minutes at most at a time', async () => {
    const { as, queue } = limited();
    expect((await as(WEB, batch(4_000))).statusCode).toBe(200);
    expect(eventsOf(queue)).toHaveLength(4_000);
    expect((await as(WEB, batch(1))).headers).toMatchObject({ 'Retry-After': '305' });
  });

  it('pays for requests that are refused, and for those that were not stored', async () => {
    const refused = limited();
    for (let i = 0; i < 10; i += 1) expect((await refused.as(WEB, 'no JSON')).statusCode).toBe(400);
    expect((await refused.as(WEB, 'no JSON')).statusCode).toBe(429);
    const down = limited({
      deadline: 50,
      sleep: (_, signal) => sleep(1, signal),
      sender: { send: (messages) => Promise.resolve(messages.map(() => THROTTLED)) },
    });
    expect((await down.as(WEB, batch(10))).statusCode).toBe(503);
    expect((await down.as(WEB, batch(10))).statusCode).toBe(429);
  });

  it('a wrong key uses up no source’s limit', async () => {
    const { as } = limited();
    for (let i = 0; i < 20; i += 1) expect((await as('wrong', batch(1))).statusCode).toBe(401);
    expect((await as(WEB, batch(10))).statusCode).toBe(200);
  });

  it('a pixel beyond it gets its picture, and the header', async () => {
    const { as, ingest } = limited();
    await as(WEB, batch(10));
    const answer = await ingest({
      httpMethod: 'GET',
      path: '/pixel/v1/track',
      queryStringParameters: { writeKey: WEB, userId: 'u', event: 'e' },
    });
    expect([answer.statusCode, answer.headers['Content-Type']]).toEqual([429, 'image/gif']);
    expect(answer.headers).toHaveProperty('Retry-After');
  });
});

describe('a request of too many users', () => {
  it('is 413 with the limit and what to do, stored in no part, and logged', async () => {
    const { post, queue, logs, metrics } = setUp({ maxKeys: 100 });
    const answer = await post(batch(101));
    expect([answer.statusCode, answer.body]).toEqual([
      413,
      'request has events of too many users (more than 100): send them in smaller requests\n',
    ]);
    expect(queue.calls).toEqual([]);
    expect(metrics).toEqual([{ dimensions: { Source: 'web' }, values: { RequestsRefused: 1 } }]);
    expect(logs).toEqual([
      {
        level: 'warn',
        message: 'request has events of too many users',
        fields: { source: 'web', limit: 100 },
      },
    ]);
  });

  it('begins beyond the limit, whatever the number of events', async () => {
    const { post } = setUp({ maxKeys: 100 });
    const events = Array.from({ length: 2_000 }, (_, n) => ({ userId: `u${n % 100}` }));
    expect((await post({ batch: events })).statusCode).toBe(200);
  });

  it('is none of those of an SDK: twice the largest batch, 500 KB of small events, each of its own user', async () => {
    const { post } = setUp();
    const event = (n: number) => ({
      type: 'track',
      event: 'Imported',
      userId: `user-${n}`,
      messageId: `0b9c3c1e-0000-4000-8000-${String(n).padStart(12, '0')}`,
      channel: 'server',
      context: { library: { name: 'analytics-node', version: '3.0.13' } },
      integrations: { All: true },
      originalTimestamp: '2026-01-02T03:04:05.678Z',
    });
    const size = JSON.stringify(event(0)).length;
    const events = Array.from({ length: Math.floor((2 * 500 * 1024) / size) }, (_, n) => event(n));
    expect(events.length).toBeGreaterThan(3_500);
    expect((await post({ batch: events })).statusCode).toBe(200);
  });
});

/** A browser's events carry whatever their sender likes: the same ids, times and channel as a server's. */
const stolen = fc.record({
  userId: fc.string({ minLength: 1 }),
  anonymousId: fc.string(),
  messageId: fc.stringMatching(/^[\w-]{1,40}$/),
  channel: fc.constantFrom('server', 'web'),
  event: fc.string(),
});

test('an event of a browser’s source that copies one of a server’s has another order key, and is no repetition of it', async () => {
  await fc.assert(
    fc.asyncProperty(stolen, async (event) => {
      fc.pre(/\S/.test(event.userId) && /[a-z]/i.test(event.userId));
      const { as, queue } = limited();
      // The copy comes first: what SQS, the router and a receiver recognize as a repetition is dropped.
      expect((await as(WEB, event, '/v1/track')).statusCode).toBe(200);
      expect((await as(SERVER, event, '/v1/track')).statusCode).toBe(200);
      const [copy, genuine, ...more] = queue.stored;
      expect(more).toEqual([]);
      // One key is parked, held back, ordered and deduplicated without any other.
      expect(genuine?.groupId).not.toBe(copy?.groupId);
      expect(genuine?.deduplicationId).not.toBe(copy?.deduplicationId);
      const keys = queue.envelopes.map((envelope) =>
        envelope.kind === 'events' ? idempotencyKey(envelope.sourceId, envelope.events) : '',
      );
      expect(keys).toEqual([`web:${event.messageId}`, `backend:${event.messageId}`]);
    }),
  );
});

test('no id of an event makes its idempotency key one of another source', () => {
  const source = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  const ids = fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[a-z-]{1,8}:[a-z]{1,8}$/)), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(source, source, ids, ids, (one, other, a, b) => {
      fc.pre(one !== other);
      const keyOf = (sourceId: string, messageIds: readonly string[]) =>
        idempotencyKey(
          sourceId,
          messageIds.map((messageId) => ({ messageId })),
        );
      expect(keyOf(one, a)).not.toBe(keyOf(other, b));
      // Also where it tries to look like the other's.
      expect(keyOf(one, [`${other}:${a[0] ?? ''}`])).not.toBe(keyOf(other, a.slice(0, 1)));
    }),
  );
});
