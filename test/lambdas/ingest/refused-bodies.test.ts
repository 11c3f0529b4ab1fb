/** Bodies that are refused because they are not JSON leave a record; whatever becomes of it, the answer stays the same. */
import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { MAX_RECORDS } from '../../../lambdas/ingest/refused-bodies.ts';
import { MAX_REFUSED_BODY_BYTES } from '../../../lambdas/core/ingest/rejected.ts';
import { NOW, proxyEvent, setUp } from './fakes.ts';

const REFUSED = { statusCode: 400, body: 'invalid json\n' };

describe('a body that is no JSON', () => {
  test.each([
    ['/v1/batch', 'hello'],
    ['/v1/batch', '{"batch":[{"userId":"u","n":NaN}]}'],
    ['/v1/batch', '{"batch":NaN}'],
    ['/v1/track', '{"userId":"u","n":NaN}'],
  ])('%s %s: refused, with a record of what it was', async (path, body) => {
    const { post, queue, metrics } = setUp();
    expect(await post(body, { path })).toMatchObject(REFUSED);
    expect(queue.envelopes).toEqual([
      {
        v: 1,
        kind: 'rejected',
        sourceId: 'web',
        receivedAt: NOW,
        reason: 'request refused: invalid json',
        body,
        size: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
      },
    ]);
    expect(metrics.map(({ values }) => values)).toEqual([{ RequestsRefused: 1 }]);
  });

  test('of a long one its beginning is kept', async () => {
    const { post, queue } = setUp();
    const body = '\u0001'.repeat(300_000);
    await post(body);
    expect(queue.envelopes).toEqual([
      expect.objectContaining({ size: 300_000, body: body.slice(0, MAX_REFUSED_BODY_BYTES) }),
    ]);
  });

  test('a few records in a minute, of each body one', async () => {
    let now = Date.parse(NOW);
    const { post, queue } = setUp({ clock: () => now });
    for (let i = 0; i < 3; i += 1) await post('same');
    for (let i = 0; i < 50; i += 1) expect(await post(`body ${i}`)).toMatchObject(REFUSED);
    expect(queue.calls).toHaveLength(MAX_RECORDS);
    expect(queue.stored).toHaveLength(MAX_RECORDS - 2);
    now += 60_000;
    await post('a minute later');
    expect(queue.calls).toHaveLength(MAX_RECORDS + 1);
  });

  test('only of requests with the key of a source that is on', async () => {
    const { post, ingest, queue } = setUp();
    const headers = { Authorization: `Basic ${Buffer.from('unknown:').toString('base64')}` };
    expect((await post('hello', { headers })).statusCode).toBe(401);
    expect((await ingest(proxyEvent({ headers: {}, body: 'hello' }))).statusCode).toBe(401);
    expect(queue.calls).toEqual([]);
  });

  test.each<readonly [string, Error]>([
    ['SQS is down', new InfraFault('down')],
    ['an error of ours', new TypeError('ours')],
  ])('%s: the answer is the same, and the rest of the minute goes without', async (_, error) => {
    let calls = 0;
    const send = () => {
      calls += 1;
      return Promise.reject(error);
    };
    // Waits as long as the signal lets it.
    const sleep = (__: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
      });
    const { post, logs } = setUp({ sender: { send }, sleep });
    expect(await post('hello')).toMatchObject(REFUSED);
    const before = calls;
    expect(await post('hello again')).toMatchObject(REFUSED);
    expect(calls).toBe(before);
    expect(logs.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn no record of a refused body',
    ]);
  });
});

describe('401', () => {
  test.each([
    ['a wrong key', {}],
    [
      'a wrong key for a pixel',
      { method: 'GET', path: '/pixel/v1/track', query: 'writeKey=x&userId=u&event=e' },
    ],
    ['a wrong key for the configuration', { method: 'GET', path: '/sourceConfig' }],
  ])('%s is counted', async (_, parts) => {
    const { ingest, metrics } = setUp();
    const headers = { Authorization: `Basic ${Buffer.from('unknown:').toString('base64')}` };
    expect((await ingest(proxyEvent({ headers, body: '{}', ...parts }))).statusCode).toBe(401);
    expect(metrics).toEqual([{ dimensions: {}, values: { RequestsUnauthorized: 1 } }]);
  });
});
