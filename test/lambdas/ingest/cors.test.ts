import { describe, expect, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { basic, setUp, WRITE_KEY } from './fakes.ts';

const ORIGIN = 'https://shop.example';
const ALLOWED =
  'Accept, AnonymousId, Authorization, Content-Encoding, Content-Type, Rsa-Recovered, Rsa-Retry-Attempt, ' +
  'Rsa-Retry-Reason, Rsa-Since-First-Attempt, Rsa-Since-Last-Attempt, SentAt, X-Retry-Count';

describe('preflight', () => {
  test.each(['/v1/track', '/v1/batch', '/health', '/unknown'])('OPTIONS %s', async (path) => {
    const { post, queue } = setUp();
    const headers = {
      Origin: ORIGIN,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'anonymousid,authorization,content-type,sentat',
    };
    expect(await post('', { method: 'OPTIONS', path, headers })).toEqual({
      statusCode: 204,
      body: '',
      isBase64Encoded: false,
      headers: {
        'Access-Control-Allow-Origin': ORIGIN,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Allow-Methods': 'GET, POST, HEAD, OPTIONS',
        'Access-Control-Allow-Headers': ALLOWED,
        'Access-Control-Expose-Headers': 'Retry-After',
        'Access-Control-Max-Age': '7200',
        Vary: 'Origin',
      },
    });
    expect(queue.calls).toEqual([]);
  });

  test('allows the tracing headers that a monitoring tool adds, and no invalid ones', async () => {
    const { post } = setUp();
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Headers': 'traceparent, sentat,, a b, x:y' };
    const answer = await post('', { method: 'OPTIONS', headers });
    expect(answer.headers['Access-Control-Allow-Headers']).toBe(`${ALLOWED}, traceparent`);
  });
});

describe('every answer lets the page read it', () => {
  const failing = {
    sender: { send: () => Promise.reject(new InfraFault('SQS is down')) },
    deadline: 20,
    sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 5)),
  };
  const broken = {
    clock: () => {
      throw new Error('a bug');
    },
  };

  test.each([
    [200, '/v1/track', basic(WRITE_KEY), {}],
    [400, '/v1/batch', basic(WRITE_KEY), {}],
    [401, '/v1/track', basic('unknown'), {}],
    [404, '/unknown', basic(WRITE_KEY), {}],
    [405, '/health', basic(WRITE_KEY), {}],
    [503, '/v1/track', basic(WRITE_KEY), failing],
    [503, '/v1/track', basic(WRITE_KEY), broken],
  ])('%d on %s', async (status, path, Authorization, options) => {
    const { post } = setUp(options);
    const answer = await post({ userId: 'u1' }, { path, headers: { Authorization, origin: ORIGIN } });
    expect(answer).toMatchObject({
      statusCode: status,
      headers: {
        'Access-Control-Allow-Origin': ORIGIN,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'Retry-After',
        Vary: 'Origin',
      },
    });
  });

  test.each([undefined, '', 'a b', 'x\r\nSet-Cookie: y'])(
    'with the origin %j anybody, without credentials',
    async (o) => {
      const { post } = setUp();
      const headers = { Authorization: basic(WRITE_KEY), ...(o === undefined ? {} : { Origin: o }) };
      const answer = await post({ userId: 'u1' }, { path: '/v1/track', headers });
      expect(answer.headers['Access-Control-Allow-Origin']).toBe('*');
      expect(answer.headers).not.toHaveProperty('Access-Control-Allow-Credentials');
    },
  );
});
