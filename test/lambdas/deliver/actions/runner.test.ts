/** Events through the actions that take them, one by one. */
import { describe, expect, it } from '@jest/globals';
import { httpError, track, world } from './made-up.ts';

describe('an event', () => {
  it('goes to each action whose subscription takes it, in their order', async () => {
    const { run, calls } = world({
      subscriptions: [
        { action: 'single', subscribe: 'track,page', mapping: {} },
        { action: 'second', subscribe: 'track', mapping: {} },
      ],
    });
    expect(
      await run(track('a'), { type: 'page', messageId: 'b' }, { type: 'alias', messageId: 'c' }),
    ).toEqual([{ kind: 'delivered' }, { kind: 'delivered' }, { kind: 'filtered' }]);
    expect(calls).toEqual(['single a', 'second a', 'single b']);
  });

  it('is the same for each action, whatever one does to it', async () => {
    const seen: unknown[] = [];
    const { run } = world({
      subscriptions: [
        { action: 'single', subscribe: 'track', mapping: {} },
        { action: 'second', subscribe: 'track', mapping: {} },
      ],
      perform: (_, { event }) => {
        seen.push({ ...event });
        Object.assign(event, { userId: 'other' });
      },
    });
    await run(track('a'));
    expect(seen).toEqual([track('a'), track('a')]);
  });

  it('for which an action asked nobody is not delivered', async () => {
    const { run } = world({ asks: false });
    expect(await run(track('a'))).toEqual([{ kind: 'filtered' }]);
  });

  it('that is refused is rejected, and the next one follows', async () => {
    const { run, calls } = world({
      perform: (_, { event }) => {
        if (event['messageId'] === 'a') throw httpError(422, 'no such plan; the-key-1234');
      },
    });
    expect(await run(track('a'), track('b'))).toEqual([
      {
        kind: 'rejected',
        reason: 'single: api.example answered 422: no such plan; [redacted]',
        answer: { status: 422, body: 'no such plan; [redacted]' },
      },
      { kind: 'delivered' },
    ]);
    expect(calls).toEqual(['single a', 'single b']);
  });

  it('that fails holds back those behind it', async () => {
    const { run, calls } = world({
      perform: () => {
        throw httpError(503, '', { 'retry-after': '3' });
      },
    });
    expect(await run(track('a'), track('b'))).toEqual([
      { kind: 'retry', reason: 'single: api.example answered 503', retryAfter: 3_000, pause: 3_000 },
    ]);
    expect(calls).toEqual(['single a']);
  });

  it('that one action refuses and another fails to take is tried again', async () => {
    const { run } = world({
      subscriptions: [
        { action: 'single', subscribe: 'track', mapping: {} },
        { action: 'second', subscribe: 'track', mapping: {} },
      ],
      perform: (action) => {
        throw httpError(action === 'single' ? 400 : 500);
      },
    });
    expect(await run(track('a'))).toMatchObject([{ kind: 'retry' }]);
  });

  it('for which there is no time is not begun', async () => {
    const { run } = world({ time: 150 });
    expect(await run(track('a'), track('b'), track('c'))).toHaveLength(2);
  });
});

describe('what an action throws', () => {
  it.each([
    [
      'a payload that is none',
      Object.assign(new Error('no email'), { status: 400 }),
      { kind: 'rejected', reason: 'single: no email (400)' },
    ],
    [
      'a schema',
      Object.assign(new Error('email must be a string'), { name: 'AggregateAjvError' }),
      { kind: 'rejected', reason: 'single: email must be a string', unsent: true },
    ],
    [
      'an error of the account',
      Object.assign(new Error('expired'), { status: 401 }),
      { kind: 'closed', reason: 'single: expired (401)' },
    ],
    [
      'that it may be tried again',
      Object.assign(new Error('busy'), { status: 429 }),
      { kind: 'retry', reason: 'single: busy (429)' },
    ],
    [
      'its own timeout',
      Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }),
      { kind: 'retry', reason: 'single: timed out' },
    ],
    [
      'a success that was none',
      Object.assign(new Error('odd'), { status: 200 }),
      { kind: 'retry', reason: 'single: odd (200)' },
    ],
  ])('%s', async (_, error, verdict) => {
    const { run } = world({
      perform: () => {
        throw error;
      },
    });
    expect(await run(track('a'))).toEqual([verdict]);
  });

  it('an error of its own is a crash of the event', async () => {
    const { run } = world({
      perform: () => {
        throw new TypeError('x is undefined');
      },
    });
    const [result] = await run(track('a'), track('b'));
    expect(result).toMatchObject({ kind: 'threw', name: 'TypeError', message: 'x is undefined' });
  });
});
