import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { QueueSender } from '../../../lambdas/core/base/messages.ts';
import { basic, FakeQueue, proxyEvent, setUp, THROTTLED, WRITE_KEY } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const throttling: QueueSender = { send: (messages) => Promise.resolve(messages.map(() => THROTTLED)) };
const down: QueueSender = {
  send: () => Promise.reject(new InfraFault('SendMessageBatch failed: TimeoutError')),
};
const hanging: QueueSender = { send: () => new Promise(() => undefined) };
const refusing: QueueSender = {
  send: (messages) =>
    Promise.resolve(messages.map(() => ({ ok: false, senderFault: true, reason: 'MessageTooLong' }))),
};
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

describe('503', () => {
  test.each([
    ['SQS throttles', throttling, 'events not stored: throttled'],
    ['SQS is down', down, 'events not stored: SendMessageBatch failed: TimeoutError'],
    ['SQS hangs', hanging, 'events not stored: SQS had not answered when the deadline of the request came'],
    ['SQS refuses for good', refusing, 'events not stored: MessageTooLong'],
  ])('%s until the deadline', async (_, sender, message) => {
    const { post, logs, metrics } = setUp({ sender, deadline: 30, sleep: tick });
    const answer = await post({ batch: [GOOD] });
    expect(answer).toMatchObject({
      statusCode: 503,
      body: 'service unavailable\n',
      headers: {
        'Content-Type': 'text/plain; charset=utf-8',
        'X-Content-Type-Options': 'nosniff',
        'Retry-After': '20',
      },
    });
    expect(logs).toMatchObject([{ level: 'error', message, fields: { source: 'web' } }]);
    expect(metrics).toEqual([{ dimensions: { Source: 'web' }, values: { RequestsUnavailable: 1 } }]);
  });

  test('Retry-After is spread over 10 to 30 whole seconds', async () => {
    const seconds = await Promise.all(
      [0, 0.5, 0.999999].map(async (value) => {
        const { post } = setUp({ sender: refusing, random: () => value });
        return (await post({ batch: [GOOD] })).headers['Retry-After'];
      }),
    );
    expect(seconds).toEqual(['10', '20', '30']);
  });

  test('one part not accepted is a 503 for all of the request', async () => {
    const queue = new FakeQueue();
    const sender: QueueSender = {
      send: async (messages) => {
        const last = messages.length - 1;
        await queue.send(messages.slice(0, last));
        return messages.map((_, i) => (i < last ? { ok: true } : THROTTLED));
      },
    };
    const { post } = setUp({ sender, deadline: 30, sleep: tick });
    const batch = ['u1', 'u2', 'u3'].map((userId) => ({ userId, messageId: userId }));
    expect((await post({ batch })).statusCode).toBe(503);

    // The SDK sends it again: what was stored is not stored twice.
    const retry = setUp({ sender: queue });
    expect((await retry.post({ batch })).statusCode).toBe(200);
    expect(
      queue.envelopes.map((envelope) => envelope.kind === 'events' && envelope.events[0]?.messageId),
    ).toEqual(['u1', 'u2', 'u3']);
  });

  test('a bug of ours is a 503, with its stack in the log', async () => {
    const sender: QueueSender = { send: () => Promise.reject(new TypeError('a bug')) };
    const { post, logs } = setUp({ sender });
    const answer = await post({ batch: [GOOD] });
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'Retry-After': '20' } });
    expect(logs).toEqual([
      {
        level: 'error',
        message: 'ingest failed',
        fields: { error: expect.stringMatching(/^TypeError\n.*trouble\.test\.ts/s) },
      },
    ]);
  });

  test('a gzip body that the gateway destroyed: the client must keep its events', async () => {
    const { ingest, logs } = setUp();
    const body = gzipSync(JSON.stringify({ batch: [GOOD] })).toString('utf8');
    const answer = await ingest({ ...proxyEvent({}), body, isBase64Encoded: false });
    expect(answer.statusCode).toBe(503);
    expect(logs[0]).toMatchObject({
      message: 'ingest failed',
      fields: {
        error: expect.stringMatching(/^InfraFault: API Gateway damaged a gzip body: .*must be \*\/\*\n/),
      },
    });
  });
});

test('SQS that comes back within the deadline is a 200', async () => {
  let failures = 3;
  const queue = new FakeQueue();
  const sender: QueueSender = {
    send: (messages) => (failures-- > 0 ? down.send(messages) : queue.send(messages)),
  };
  const { post } = setUp({ sender });
  expect((await post({ batch: [GOOD] })).statusCode).toBe(200);
  expect(queue.stored).toHaveLength(1);
});

describe('every request is answered with 200 or 4xx, and nothing is logged as our error', () => {
  const allowed = new Set([200, 204, 400, 401, 404, 405, 413]);
  const path = fc.constantFrom(
    ...['/v1/batch', '/v1/track', '/v1/identify', '/v1/import', '/v1/t', '/v1/b'],
    ...['/beacon/v1/batch', '/v1/webhook'],
  );

  test('any bytes, compressed or not, whole or cut', async () => {
    await fc.assert(
      fc.asyncProperty(path, fc.uint8Array({ maxLength: 200 }), fc.nat(3), async (to, bytes, how) => {
        const zipped = gzipSync(bytes);
        const bodies = [
          bytes,
          zipped,
          zipped.subarray(0, zipped.length / 2),
          Buffer.concat([Buffer.from('\x1f\x8b', 'latin1'), bytes]),
        ];
        const { ingest, logs } = setUp();
        const answer = await ingest(proxyEvent({ path: to, body: bodies[how] ?? bytes }));
        expect(allowed).toContain(answer.statusCode);
        expect(logs).toEqual([]);
      }),
    );
  });

  test('any JSON, with the field names that have a meaning', async () => {
    const name = fc.constantFrom(
      'userId',
      'anonymousId',
      'messageId',
      'sentAt',
      'originalTimestamp',
      'timestamp',
      'receivedAt',
      'request_ip',
      'type',
      'batch',
      '__proto__',
      'constructor',
      'toJSON',
      'x\ud800',
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\ud800', '\uFFFE', '9999-99-99', '+275760-09-13', 1e400),
    );
    const event = fc.oneof(
      fc.array(fc.tuple(name, value)).map((entries) => Object.fromEntries(entries)),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(path, fc.array(event, { maxLength: 6 }), fc.boolean(), async (to, events, wrapped) => {
        const { post, queue, logs, metrics } = setUp();
        const answer = await post(JSON.stringify(wrapped ? { batch: events } : (events[0] ?? null)), {
          path: to,
        });
        expect(allowed).toContain(answer.statusCode);
        expect(logs).toEqual([]);
        const kept = queue.envelopes.reduce(
          (sum, one) => sum + (one.kind === 'events' ? one.events.length : (one.count ?? 1)),
          0,
        );
        // All that was answered 200 is in the queue, and nothing else is.
        const { EventsAccepted = 0, EventsRejected = 0 } = metrics[0]?.values ?? {};
        expect(kept).toBe(answer.statusCode === 200 ? EventsAccepted + EventsRejected : 0);
        if (answer.statusCode === 200 && to === '/v1/batch' && wrapped) expect(kept).toBe(events.length);
      }),
      { numRuns: 300 },
    );
  });

  test('any query of a pixel or a webhook', async () => {
    const name = fc.oneof(
      fc
        .array(fc.constantFrom('a', 'b', '', '0', '__proto__', 'constructor', 'toJSON', 'userId'), {
          maxLength: 200,
        })
        .map((steps) => steps.join('.')),
      fc.constantFrom('userId', 'anonymousId', 'event', 'name', 'type', 'messageId', 'sentAt'),
    );
    const query = fc
      .array(fc.tuple(name, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 8 })
      .map((pairs) => new URLSearchParams([['writeKey', WRITE_KEY], ...pairs]).toString());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/pixel/v1/track', '/pixel/v1/page', '/v1/webhook'),
        query,
        async (to, text) => {
          const { ingest, queue, logs } = setUp();
          const answer = await ingest(proxyEvent({ method: 'GET', path: to, query: text, headers: {} }));
          expect(allowed).toContain(answer.statusCode);
          expect(logs).toEqual([]);
          expect(queue.stored.length).toBeLessThanOrEqual(answer.statusCode === 200 ? 1 : 0);
          if (to !== '/v1/webhook') expect(answer.headers['Content-Type']).toBe('image/gif');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('any method, path and headers', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const headers = fc.dictionary(
      fc.oneof(
        text,
        fc.constantFrom('Authorization', 'ORIGIN', 'X-Forwarded-For', 'Access-Control-Request-Headers'),
      ),
      fc.oneof(text, fc.constantFrom(basic(WRITE_KEY), 'Basic ====', '203.0.113.1')),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(text, fc.constantFrom('GET', 'POST', 'OPTIONS')),
        fc.oneof(text, path),
        headers,
        async (method, to, given) => {
          const { post, logs } = setUp();
          const answer = await post({ batch: [GOOD] }, { method, path: to, headers: given });
          expect(allowed).toContain(answer.statusCode);
          for (const value of Object.values(answer.headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
          expect(logs).toEqual([]);
        },
      ),
    );
  });
});

test('a request of many users and many bad events ends, in few calls', async () => {
  const { post, queue } = setUp({ maxKeys: 10_000 });
  const batch = Array.from({ length: 20_000 }, (_, n) =>
    n % 2 === 0 ? { userId: `u${n}`, messageId: `m${n}` } : n,
  );
  expect((await post({ batch })).statusCode).toBe(200);
  expect(queue.calls.length).toBeLessThan(1_100);
  const events = queue.envelopes.filter(({ kind }) => kind === 'events');
  expect(events).toHaveLength(10_000);
});
