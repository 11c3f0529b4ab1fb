import { describe, expect, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IngestOptions } from '../../../lambdas/ingest/ingest.ts';
import { sleep } from '../../../lambdas/ingest/send.ts';
import { readiness } from '../../../lambdas/ingest/ready.ts';
import { NOW, setUp } from './fakes.ts';

const DOWN = new InfraFault('SendMessageBatch failed: InternalError: no');

/** Ingest with a clock that is set by hand, and SQS that is up or down. */
const probed = (more: Partial<IngestOptions> = {}) => {
  const world = { isUp: true, now: Date.parse(NOW), probes: 0 };
  const ingest = setUp({
    clock: () => world.now,
    probeQueue: () => {
      world.probes += 1;
      return world.isUp ? Promise.resolve() : Promise.reject(DOWN);
    },
    ...more,
  });
  const ready = (method = 'GET') => ingest.post('', { method, path: '/ready', headers: {} });
  return { ...ingest, world, ready };
};

describe('GET /ready', () => {
  test('is 200 while SQS takes events, without a write key', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await probed().ready(method);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers).toMatchObject({ 'Cache-Control': 'no-store' });
      expect(JSON.parse(answer.body)).toEqual({ server: 'UP', acceptingEvents: 'TRUE' });
    }
  });

  test('is 503 with Retry-After when SQS does not, and logs why', async () => {
    const { ready, world, logs } = probed();
    world.isUp = false;
    expect(await ready()).toMatchObject({
      statusCode: 503,
      body: 'service unavailable\n',
      headers: { 'Retry-After': '20', 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' },
    });
    expect(logs).toEqual([
      {
        level: 'warn',
        message: 'ready: SQS takes no events',
        fields: { error: expect.stringContaining('InfraFault') },
      },
    ]);
  });

  test('one call of SQS serves all checks of a second, whether it takes events or not', async () => {
    const { ready, world, logs } = probed();
    const statuses = async () => [(await ready()).statusCode, (await ready()).statusCode];
    expect(await statuses()).toEqual([200, 200]);
    world.now += 999;
    world.isUp = false;
    expect(await statuses()).toEqual([200, 200]);
    expect(world.probes).toBe(1);
    world.now += 1;
    expect(await statuses()).toEqual([503, 503]);
    expect([world.probes, logs.length]).toEqual([2, 1]);
    world.isUp = true;
    world.now += 1_000;
    expect(await statuses()).toEqual([200, 200]);
    expect(world.probes).toBe(3);
  });

  test('a clock that is set back does not keep an answer', async () => {
    const { ready, world } = probed();
    await ready();
    world.now -= 60_000;
    world.isUp = false;
    expect((await ready()).statusCode).toBe(503);
  });

  test('checks at the same time wait for one call', async () => {
    const { ready, world } = probed();
    await Promise.all([ready(), ready(), ready()]);
    expect(world.probes).toBe(1);
  });

  test('a call that does not end is given up, and counts as a refusal', async () => {
    const errors: string[] = [];
    const given: AbortSignal[] = [];
    const ready = readiness({
      probeQueue: (signal) => {
        given.push(signal);
        return sleep(1_000_000, signal).then(() => {
          throw new InfraFault('aborted');
        });
      },
      clock: () => 0,
      random: () => 0,
      onRefused: (error) => errors.push(String(error)),
      limit: 10,
    });
    expect(await ready()).toMatchObject({ status: 503 });
    expect(given.map(({ aborted }) => aborted)).toEqual([true]);
    expect(errors).toHaveLength(1);
  });

  test('does not ask for the mode, and stores nothing', async () => {
    const never = (): never => {
      throw new Error('not needed to be ready');
    };
    const { ready, queue } = probed({ readMode: never });
    expect((await ready()).statusCode).toBe(200);
    expect(queue.calls).toEqual([]);
  });

  test.each(['POST', 'PUT'])('%s is no way to ask', async (method) => {
    expect(await probed().ready(method)).toMatchObject({
      statusCode: 405,
      headers: { Allow: 'GET, HEAD, OPTIONS' },
    });
  });
});

test('accepting an event probes nothing', async () => {
  const { post, world } = probed();
  expect(await post({ userId: 'u1' }, { path: '/v1/track' })).toMatchObject({ statusCode: 200 });
  expect(world.probes).toBe(0);
});
