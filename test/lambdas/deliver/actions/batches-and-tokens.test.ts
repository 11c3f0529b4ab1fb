/** Actions that take several events, and tokens that are refused. */
import { describe, expect, it } from '@jest/globals';
import { httpError, several, track, world, type Bundle } from './made-up.ts';

describe('an action that takes several', () => {
  it('gets events that follow one another', async () => {
    const { run, calls } = world({
      subscriptions: [...several, { action: 'single', subscribe: 'page', mapping: {} }],
    });
    await run(track('a'), track('b'), { type: 'page', messageId: 'c' }, track('d'), track('e'));
    expect(calls).toEqual(['several [a b]', 'single c', 'several [d e]']);
  });

  it('that judges each: the refused one is rejected', async () => {
    const { run } = world({
      subscriptions: several,
      batch: () => [{ status: 200 }, { status: 400, errormessage: 'bad' }, { status: 200 }],
    });
    expect(await run(track('a'), track('b'), track('c'))).toMatchObject([
      { kind: 'delivered' },
      { kind: 'rejected', reason: 'several: answered 400: bad' },
      { kind: 'delivered' },
    ]);
  });

  it('that refuses all: each is sent alone', async () => {
    const { run, calls } = world({
      subscriptions: several,
      batch: () => {
        throw httpError(400);
      },
      perform: (_, { event }) => {
        if (event['messageId'] === 'b') throw httpError(400);
      },
    });
    expect(await run(track('a'), track('b'))).toMatchObject([{ kind: 'delivered' }, { kind: 'rejected' }]);
    expect(calls).toEqual(['several [a b]', 'several a', 'several b']);
  });

  it('that is down: the first is to be tried again, and with it the others', async () => {
    const { run } = world({
      subscriptions: several,
      batch: () => {
        throw httpError(503);
      },
    });
    expect(await run(track('a'), track('b'))).toMatchObject([{ kind: 'retry' }]);
  });
});

describe('a token that is refused', () => {
  const oauth = {
    accessToken: 'old-token-1',
    refreshToken: 'refresh-1',
    clientId: 'id',
    clientSecret: 'secret',
  };
  const refusesOld = (_: string, { auth }: Bundle): void => {
    if (auth.accessToken !== 'new-token-1') throw httpError(401, `no ${auth.accessToken ?? ''}`);
  };

  it('is refreshed once, for all that follows', async () => {
    const { run, calls } = world({
      oauth,
      perform: refusesOld,
      refresh: () => ({ accessToken: 'new-token-1' }),
    });
    expect(await run(track('a'), track('b'))).toEqual([{ kind: 'delivered' }, { kind: 'delivered' }]);
    expect(calls).toEqual(['single a', 'refresh', 'single a', 'single b']);
  });

  it('and whose new one is refused too is a closed door; neither token is shown', async () => {
    const { run, calls } = world({
      oauth,
      perform: (_, { auth }) => {
        throw httpError(401, `no ${auth.accessToken ?? ''}`);
      },
      refresh: () => ({ accessToken: 'other-token-2' }),
    });
    const [result] = await run(track('a'));
    expect(result).toMatchObject({
      kind: 'closed',
      reason: 'single: api.example answered 401: no [redacted]',
    });
    expect(calls).toEqual(['single a', 'refresh', 'single a']);
  });

  it('of some events of a batch is refreshed', async () => {
    let token: string | undefined;
    const { run, calls } = world({
      oauth,
      subscriptions: several,
      batch: (_, { auth, events }) => {
        token = auth.accessToken;
        return events.map(() => ({ status: token === 'new-token-1' ? 200 : 401 }));
      },
      refresh: () => ({ accessToken: 'new-token-1' }),
    });
    expect(await run(track('a'), track('b'))).toEqual([{ kind: 'delivered' }, { kind: 'delivered' }]);
    expect(calls).toEqual(['several [a b]', 'refresh', 'several [a b]']);
  });

  it('is not refreshed where there is nothing to refresh it with', async () => {
    const { run, calls } = world({
      oauth: { accessToken: 'old-token-1' },
      perform: refusesOld,
      refresh: () => ({ accessToken: 'x' }),
    });
    expect(await run(track('a'))).toMatchObject([{ kind: 'closed' }]);
    expect(calls).toEqual(['single a']);
  });
});
