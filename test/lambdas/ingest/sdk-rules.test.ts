/** The rules for answers with which no SDK loses an event. `docs/sdks` explains what each SDK does with an answer. */
import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { MAX_REQUEST_BYTES } from '../../../lambdas/core/base/limits.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { QueueSender } from '../../../lambdas/core/base/messages.ts';
import { basic, FakeQueue, proxyEvent, setUp, THROTTLED, WRITE_KEY } from './fakes.ts';

const GOOD = { userId: 'u1', messageId: 'm1', event: 'click' };
const BODY = JSON.stringify({ batch: [GOOD] });
const AUTHORIZED = { Authorization: basic(WRITE_KEY) };
const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

test('success is exactly 200 with a short text, and comes after SQS has everything', async () => {
  const queue = new FakeQueue();
  let take: (() => void) | undefined;
  const sender: QueueSender = {
    send: async (messages) => {
      await new Promise<void>((resolve) => (take = resolve));
      return queue.send(messages);
    },
  };
  const { post } = setUp({ sender });
  let status: number | undefined;
  const answered = post(BODY).then((answer) => {
    status = answer.statusCode;
    return answer;
  });
  while (take === undefined) await soon();
  expect(status).toBeUndefined();
  take();
  expect(await answered).toMatchObject({ statusCode: 200, body: 'ok' });
  expect(queue.stored).toHaveLength(1);
});

test.each<[string, QueueSender['send']]>([
  ['SQS throttles', (messages) => Promise.resolve(messages.map(() => THROTTLED))],
  ['SQS is down', () => Promise.reject(new InfraFault('down'))],
  ['SQS does not answer', () => new Promise(() => undefined)],
  ['our code has a bug', () => Promise.reject(new TypeError('a bug'))],
])(
  'a failure on our side is a 503 with Retry-After, on every route that takes events: %s',
  async (_, send) => {
    const routes = [
      '/v1/batch',
      '/v1/track',
      '/v1/t',
      '/v1/b',
      '/v1/import',
      '/v1/webhook',
      '/beacon/v1/batch',
    ];
    for (const path of routes) {
      const { post } = setUp({ sender: { send }, deadline: 10, sleep: soon });
      const answer = await post(path.endsWith('batch') || /\/(b|import)$/.test(path) ? BODY : GOOD, { path });
      expect(answer.statusCode).toBe(503);
      expect(Number(answer.headers['Retry-After'])).toBeGreaterThanOrEqual(10);
    }
  },
);

test('401 is for a key that is certainly wrong: the check makes no call, so it cannot fail', async () => {
  const down = () => Promise.reject(new InfraFault('down'));
  const { post } = setUp({ sender: { send: down }, readMode: down });
  expect(await post(BODY, { headers: { Authorization: basic('unknown') } })).toMatchObject({
    statusCode: 401,
    body: 'invalid write key\n',
  });
});

test('404 is for a disabled source, and for paths that no SDK uses', async () => {
  const { post } = setUp();
  const off = { Authorization: basic('old-key') };
  for (const path of ['/v1/batch', '/v1/track', '/v1/b', '//v1/batch', '/v1/batch/', '/beacon/v1/batch']) {
    expect((await post(path.includes('track') ? GOOD : BODY, { path })).statusCode).toBe(200);
    expect(await post(BODY, { path, headers: off })).toMatchObject({
      statusCode: 404,
      body: 'source is disabled\n',
    });
  }
});

test('a bad event does not fail a good one, and the old Android SDK gets the message for missing ids that it expects', async () => {
  const { post, queue } = setUp();
  expect((await post({ batch: [{}, GOOD, 'x'] })).statusCode).toBe(200);
  expect(queue.envelopes.map(({ kind }) => kind).sort()).toEqual(['events', 'rejected', 'rejected']);
  const refused = await post({ batch: [{}] });
  expect(refused.statusCode).toBe(400);
  expect(refused.body.toLowerCase()).toContain('request neither has anonymousid nor userid');
});

test('4,000 KB are taken, after decoding', async () => {
  const events = Array.from({ length: 20 }, (_, i) => ({
    userId: 'u1',
    messageId: `m${i}`,
    pad: 'x'.repeat(204_000),
  }));
  const body = JSON.stringify({ batch: events });
  expect(body.length).toBeGreaterThan(MAX_REQUEST_BYTES * 0.99);
  const { ingest } = setUp();
  expect((await ingest(proxyEvent({ body }))).statusCode).toBe(200);
  expect((await ingest(proxyEvent({ body: gzipSync(body) }))).statusCode).toBe(200);
});

describe('in every form that SDKs use', () => {
  test.each([
    [
      'gzip',
      { ...AUTHORIZED, 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' },
      gzipSync(BODY),
    ],
    ['text', { ...AUTHORIZED, 'Content-Type': 'text/plain;charset=UTF-8' }, BODY],
    ['without a length', { ...AUTHORIZED, 'Transfer-Encoding': 'chunked' }, BODY],
    ['without a type', AUTHORIZED, BODY],
  ])('%s', async (_, headers, body) => {
    const { ingest, queue } = setUp();
    expect((await ingest(proxyEvent({ headers, body }))).statusCode).toBe(200);
    expect(queue.stored).toHaveLength(1);
  });

  test('AnonymousId in base64, raw, of another user or missing: the order key is the same', async () => {
    const { post, queue } = setUp();
    const said = [undefined, 'u1', Buffer.from('u1').toString('base64'), 'another user'];
    for (const [i, AnonymousId] of said.entries()) {
      const headers = { ...AUTHORIZED, ...(AnonymousId === undefined ? {} : { AnonymousId }) };
      await post({ batch: [{ ...GOOD, messageId: `m${i}` }] }, { headers });
    }
    expect(new Set(queue.stored.map(({ groupId }) => groupId)).size).toBe(1);
    expect(queue.stored).toHaveLength(said.length);
  });
});

test('a request that is sent again, with another sentAt, is stored once', async () => {
  const { post, queue } = setUp();
  for (const sentAt of ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:09.000Z']) {
    expect((await post({ batch: [{ ...GOOD, sentAt }], sentAt })).statusCode).toBe(200);
  }
  expect(queue.stored).toHaveLength(1);
});
