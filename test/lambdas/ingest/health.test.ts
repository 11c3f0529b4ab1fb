import { describe, expect, test } from '@jest/globals';
import type { Mode } from '../../../lambdas/core/mode/record.ts';
import { health } from '../../../lambdas/ingest/health.ts';
import { sleep } from '../../../lambdas/ingest/send.ts';
import { setUp } from './fakes.ts';

const mode = (name: Mode['mode'], held = false) => ({
  readMode: () => Promise.resolve({ mode: name, held }),
});

describe('GET /health', () => {
  test.each([
    ['normal', false, 'TRUE', 'NORMAL'],
    ['degraded', false, 'FALSE', 'DEGRADED'],
    ['recovering', false, 'TRUE', 'RECOVERING'],
    ['normal', true, 'FALSE', 'NORMAL'],
  ] as const)('%s, held: %j', async (name, held, routingEvents, shown) => {
    for (const [method, path] of [
      ['GET', '/health'],
      ['GET', '/'],
      ['HEAD', '/health'],
    ] as const) {
      const answer = await setUp(mode(name, held)).post('', { method, path, headers: {} });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers).toMatchObject({
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'no-store',
        'Access-Control-Allow-Origin': '*',
      });
      expect(JSON.parse(answer.body)).toEqual({
        server: 'UP',
        acceptingEvents: 'TRUE',
        routingEvents,
        mode: shown,
      });
    }
  });

  const UNKNOWN = { server: 'UP', acceptingEvents: 'TRUE', routingEvents: 'UNKNOWN', mode: 'UNKNOWN' };

  test('is 200 although the mode cannot be read, and logs why', async () => {
    const { post, logs } = setUp({ readMode: () => Promise.reject(new Error('no table')) });
    const answer = await post('', { method: 'GET', path: '/health' });
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(UNKNOWN);
    expect(logs).toEqual([
      {
        level: 'warn',
        message: 'health: the mode is unknown',
        fields: { error: expect.stringMatching(/^Error\n/) },
      },
    ]);
  });

  test('aborts a read that takes too long, and does not answer before the read has ended', async () => {
    let ended = false;
    const errors: string[] = [];
    const answer = await health({
      readMode: async (signal) => {
        await sleep(1_000_000, signal);
        await sleep(20, new AbortController().signal);
        ended = true;
        throw new Error('aborted');
      },
      onUnknown: (error) => errors.push(String(error)),
      limit: 10,
    });
    expect(JSON.parse(String(answer.body))).toEqual(UNKNOWN);
    expect(errors).toEqual(['Error: the mode was not read within 10 ms']);
    expect(ended).toBe(true);
  });

  test('does not wait for a read that hangs and ignores the abort', async () => {
    let signal: AbortSignal | undefined;
    const errors: string[] = [];
    const answer = await health({
      readMode: (given) => {
        signal = given;
        return new Promise(() => undefined);
      },
      onUnknown: (error) => errors.push(String(error)),
      limit: 10,
    });
    expect(JSON.parse(String(answer.body))).toEqual(UNKNOWN);
    expect(signal?.aborted).toBe(true);
    expect(errors).toEqual(['Error: the mode was not read within 10 ms']);
  });
});

test('accepting an event never reads the mode', async () => {
  const { post } = setUp({
    readMode: () => {
      throw new Error('accepting must not depend on the mode');
    },
  });
  expect(await post({ userId: 'u1' }, { path: '/v1/track' })).toMatchObject({ statusCode: 200 });
});
