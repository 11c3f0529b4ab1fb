/** OAuth 2 client credentials: when a token is asked for, and what a failing token endpoint means. Time is virtual. */
import { describe, expect, it } from '@jest/globals';
import type { Reply } from '../../../lambdas/deliver/http-client.ts';
import { tokenWorld as world } from './token-world.ts';
import { answer, MINUTE } from './world.ts';

describe('a token', () => {
  it('is asked for as RFC 6749 says: the client in the header, both parts form-encoded', async () => {
    const { tokens, requests } = world({ scope: 'events:write users', audience: 'https://api.example/' });
    expect(await tokens.get()).toEqual({ kind: 'token', token: 'token-1' });
    const [request] = requests;
    expect(request?.url).toBe('https://login.example/token');
    expect(request?.headers['Content-Type']).toBe('application/x-www-form-urlencoded');
    const [scheme, credentials = ''] = (request?.headers['Authorization'] ?? '').split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString()).toBe('sluice%26co:s3cr%25t+%C3%BC');
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'events:write users',
      audience: 'https://api.example/',
    });
  });

  it('is asked for with the client in the body where the endpoint wants that', async () => {
    const { tokens, requests } = world({ clientAuth: 'body', clientId: { secretName: 'crm/id' } });
    await tokens.get();
    expect(requests[0]?.headers).not.toHaveProperty('Authorization');
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 's3cr%t ü',
      client_secret: 's3cr%t ü',
    });
  });

  it('is kept until a minute before it expires', async () => {
    const { tokens, requests, state } = world();
    await tokens.get();
    state.now += 59 * MINUTE - 1;
    expect(await tokens.get()).toMatchObject({ token: 'token-1' });
    state.now += 1;
    expect(await tokens.get()).toMatchObject({ token: 'token-2' });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['a short life is kept for most of it', { expires_in: 40 }, 30],
    ['a life that is written as a text', { expires_in: '40' }, 30],
  ])('of %s', async (_, more, seconds) => {
    const { tokens, requests, state } = world();
    state.said = () => answer(200, JSON.stringify({ access_token: 't', token_type: 'bearer', ...more }));
    await tokens.get();
    state.now += seconds * 1000 - 1;
    await tokens.get();
    expect(requests).toHaveLength(1);
    state.now += 1;
    await tokens.get();
    expect(requests).toHaveLength(2);
  });

  it.each([{}, { expires_in: 'soon' }, { expires_in: null }])(
    'with %j is kept until it is refused',
    async (more) => {
      const { tokens, requests, state } = world();
      state.said = () => answer(200, JSON.stringify({ access_token: 't', ...more }));
      await tokens.get();
      state.now += 1000 * 60 * MINUTE;
      expect(await tokens.get()).toMatchObject({ token: 't' });
      expect(requests).toHaveLength(1);
    },
  );

  it('is asked for once by users whose events are sent at the same time', async () => {
    const { tokens, requests } = world();
    await Promise.all(Array.from({ length: 10 }, () => tokens.get()));
    expect(requests).toHaveLength(1);
  });

  it('that cannot be refreshed is used as long as it is valid', async () => {
    const { tokens, state } = world();
    await tokens.get();
    state.now += 59.5 * MINUTE;
    state.said = () => answer(503);
    expect(await tokens.get()).toMatchObject({ token: 'token-1' });
    state.now += MINUTE;
    expect(await tokens.get()).toMatchObject({ kind: 'failed' });
  });
});

describe('a token endpoint that', () => {
  it.each<[string, Reply, object, number]>([
    [
      'is down',
      answer(503, 'try later', { 'retry-after': '7' }),
      {
        kind: 'retry',
        reason: 'no token: https://login.example/token answered 503: try later',
        retryAfter: 7_000,
      },
      0,
    ],
    [
      'throttles',
      answer(429),
      { kind: 'retry', reason: 'no token: https://login.example/token answered 429' },
      0,
    ],
    [
      'refuses the client',
      answer(401, '{"error":"invalid_client"}'),
      {
        kind: 'closed',
        reason: 'no token: https://login.example/token answered 401: {"error":"invalid_client"}',
      },
      1,
    ],
    [
      'refuses the scope',
      answer(400, '{"error":"invalid_scope"}'),
      {
        kind: 'closed',
        reason: 'no token: https://login.example/token answered 400: {"error":"invalid_scope"}',
      },
      1,
    ],
    [
      'does not answer',
      { kind: 'transport', reason: 'connect ECONNREFUSED' },
      { kind: 'retry', reason: 'no token: https://login.example/token: connect ECONNREFUSED' },
      0,
    ],
    [
      'has an address that is not allowed',
      { kind: 'misconfigured', reason: 'address 10.0.0.1 is not public' },
      { kind: 'closed', reason: 'no token: https://login.example/token: address 10.0.0.1 is not public' },
      0,
    ],
    [
      'answers with a page',
      answer(200, '<html>'),
      {
        kind: 'closed',
        reason: 'no token: https://login.example/token answered 200 without an access_token',
      },
      0,
    ],
    [
      'gives another type of token',
      answer(200, '{"access_token":"t","token_type":"mac"}'),
      {
        kind: 'closed',
        reason:
          'no token: https://login.example/token answered 200 with a token of type "mac", and not "bearer"',
      },
      0,
    ],
    [
      'gives what a header cannot hold',
      answer(200, '{"access_token":"a\\nb"}'),
      {
        kind: 'closed',
        reason: 'no token: https://login.example/token answered 200 without an access_token',
      },
      0,
    ],
  ])('%s', async (_, reply, verdict, expired) => {
    const { tokens, state } = world();
    state.said = () => reply;
    expect(await tokens.get()).toEqual({ kind: 'failed', verdict });
    expect(state.expired).toBe(expired);
  });

  it('echoes the secret does not have it shown, in whatever form', async () => {
    const { tokens, requests, state } = world();
    state.said = () => answer(400, `unknown: ${requests[0]?.headers['Authorization'] ?? ''} ${state.secret}`);
    const said = JSON.stringify(await tokens.get());
    expect(said).toContain('unknown: [redacted] [redacted]');
  });

  it('failed is asked again after ten seconds, however many events want a token', async () => {
    const { tokens, requests, state } = world();
    state.said = () => answer(500);
    await Promise.all([tokens.get(), tokens.get()]);
    for (let second = 1; second < 10; second += 1) {
      state.now += 1_000;
      expect(await tokens.get()).toMatchObject({ kind: 'failed' });
    }
    expect(requests).toHaveLength(1);
    state.now += 1_000;
    await tokens.get();
    expect(requests).toHaveLength(2);
  });
});
