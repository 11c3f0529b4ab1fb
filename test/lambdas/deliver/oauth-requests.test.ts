/** Requests with a token of OAuth 2: what a 401 leads to, and a token that is not there. Time is virtual. */
import { describe, expect, it } from '@jest/globals';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import { tokenWorld as world } from './token-world.ts';
import { answer, event, MINUTE, World } from './world.ts';

describe('a destination that answers 401', () => {
  const sent = (replies: readonly number[], onReply?: (world: World) => void) => {
    const { tokens, requests: asked, state } = world();
    const destination: World = new World({
      reply: ({ headers }, n) => {
        onReply?.(destination);
        return answer(replies[n - 1] ?? 200, `you sent ${headers['Authorization'] ?? ''}`);
      },
      webhook: { tokens },
    });
    const tokensOf = () => destination.requests.map(({ headers }) => headers['Authorization']);
    return { destination, tokensOf, asked, state };
  };

  it('is sent the event again with another token, and takes it', async () => {
    const { destination, tokensOf, state } = sent([200, 401, 200]);
    await destination.run([event('a')]);
    state.now += MINUTE;
    expect(await destination.run([event('b')])).toMatchObject({ kind: 'done' });
    expect(tokensOf()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('to a fresh token is a closed door, and its answer shows no token', async () => {
    const { destination, asked } = sent([401]);
    expect(await destination.run([event('a')])).toMatchObject({
      kind: 'retry',
      reason: 'answered 401: you sent Bearer [redacted]',
    });
    expect([asked.length, destination.requests.length, destination.expired]).toEqual([1, 1, 1]);
  });

  it('again and again does not have a token asked for with each event', async () => {
    const { destination, asked, state } = sent(Array.from({ length: 100 }, () => 401));
    for (let second = 0; second < 40; second += 1) {
      await destination.run([event('a')]);
      state.now += 1_000;
    }
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  it('when no time is left is not asked again in this attempt', async () => {
    const { destination, tokensOf, state } = sent([200, 401], (world) => {
      world.timeLeft -= 2_000;
    });
    await destination.run([event('a')]);
    state.now += MINUTE;
    destination.timeLeft = 16_000;
    expect(await destination.run([event('b')])).toMatchObject({ kind: 'retry' });
    expect(tokensOf()).toHaveLength(2);
    destination.timeLeft = 60_000;
    await destination.run([event('b')]);
    expect(tokensOf().at(-1)).toBe('Bearer token-2');
  });
});

it('without a token nothing is sent, and its failure is the event’s outcome', async () => {
  const { tokens, state } = world();
  state.said = () => answer(503);
  const destination = new World({ webhook: { tokens } });
  expect(await destination.run([event('a')])).toMatchObject({
    kind: 'retry',
    reason: 'no token: https://login.example/token answered 503',
  });
  expect(destination.requests).toEqual([]);
});

it('an event that cannot be sent needs no token', async () => {
  const { tokens, requests } = world();
  const destination = new World({
    destination: { url: 'https://api.example/{userId}' },
    webhook: { tokens },
  });
  await destination.run([{ messageId: 'w' }]);
  expect([requests, destination.rejected.length]).toEqual([[], 1]);
});

it('a token that comes late leaves the request to the next attempt, which has it', async () => {
  const { tokens, state, requests } = world();
  const destination = new World({
    webhook: {
      tokens,
      secrets: { read: () => Promise.resolve(new Map()), expire: () => undefined, redact: NOTHING_TO_REDACT },
    },
  });
  const inTime = state.said;
  state.said = (n) => {
    destination.timeLeft = 14_000;
    return inTime(n);
  };
  destination.timeLeft = 20_000;
  expect(await destination.run([event('a')])).toMatchObject({ kind: 'stopped' });
  destination.timeLeft = 16_000;
  expect(await destination.run([event('a')])).toMatchObject({ kind: 'done' });
  expect(requests).toHaveLength(1);
});
