/** A secret that is rotated while the function runs: the 401 that follows makes it read the secret again. Time is virtual. */
import { expect, it } from '@jest/globals';
import { secretCache } from '../../../lambdas/aws/secrets.ts';
import { toMessageBody } from '../../../lambdas/core/event/envelope.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { deliverer } from '../../../lambdas/deliver/deliver.ts';
import { webhookSender } from '../../../lambdas/deliver/destinations/webhook/sender.ts';
import { message } from '../../support/fakes.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';

const world = () => {
  const state = { now: 1_000_000, stored: 'old', accepted: 'old', reads: 0 };
  const sender = webhookSender({
    destination: {
      url: 'https://crm.example/',
      headers: { Authorization: { secretName: 'crm-token' } },
      batch: 1,
    },
    timing: { requestTimeout: 10_000 },
    send: ({ headers }) => {
      const isKnown = headers['Authorization'] === state.accepted;
      const body = isKnown ? '' : 'unknown token';
      return Promise.resolve({ kind: 'answer', status: isKnown ? 200 : 401, headers: {}, body });
    },
    secrets: secretCache(
      () => {
        state.reads += 1;
        return Promise.resolve(state.stored);
      },
      () => state.now,
      () => undefined,
    ),
    clock: () => state.now,
  });
  const deliver = deliverer({
    destination: { id: 'crm' },
    sender,
    timing: { requestTimeout: 10_000 },
    transforms: PASS_THROUGH,
    rejections: new MemoryRejections(),
    clock: () => state.now,
    count: () => undefined,
  });
  const body = toMessageBody({
    v: 1,
    kind: 'events',
    sourceId: 'web',
    receivedAt: '2026-11-22T00:00:00.000Z',
    events: [{ messageId: 'e1' }],
  });
  const attempt = () =>
    deliver(message('m1', 'ann', { body }), {
      attempt: undefined,
      isTrial: false,
      inOwnTrouble: false,
      timeLeft: () => 60_000,
    });
  return { state, attempt };
};

it('is read again after a 401, and the next attempt is delivered', async () => {
  const { state, attempt } = world();
  expect(await attempt()).toMatchObject({ kind: 'done' });
  state.now += 20_000;
  Object.assign(state, { stored: 'new', accepted: 'new' });
  expect(await attempt()).toMatchObject({ kind: 'retry', reason: 'answered 401: unknown token' });
  expect(await attempt()).toMatchObject({ kind: 'done' });
  expect(state.reads).toBe(2);
});

it('is read at most every ten seconds while the destination refuses it', async () => {
  const { state, attempt } = world();
  await attempt();
  // The destination has its new token; Secrets Manager does not have it yet.
  state.accepted = 'new';
  for (let second = 0; second < 60; second += 1) {
    state.now += 1_000;
    expect(await attempt()).toMatchObject({ kind: 'retry' });
  }
  expect(state.reads).toBe(1 + 6);
  state.stored = 'new';
  state.now += 10_000;
  await attempt();
  expect(await attempt()).toMatchObject({ kind: 'done' });
});
