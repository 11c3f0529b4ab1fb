/** What draining a message costs in calls of DynamoDB: with them a user catches up, or does not. */
import { expect, it } from '@jest/globals';
import { DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

/** Milliseconds that are assumed: a call of DynamoDB, and a request to an ordinary destination. */
const [CALL, REQUEST] = [6, 80];

it('a user is drained at 11 messages a second: each costs its request, its deletion, and a share of what a page and a second cost', async () => {
  const stage = new DrainStage();
  const ids = Array.from({ length: 200 }, (_, i) => `a${String(i)}`);
  await stage.parkAll('a', ...ids);
  for (const id of ids) stage.results.set(id, () => ((stage.now += REQUEST), DELIVERED));
  const { parking } = stage.deps().ports;
  // The time of a call passes with the most frequent one; the others are counted.
  const deleteMessage: typeof parking.deleteMessage = async (...args) => {
    stage.now += CALL;
    await parking.deleteMessage(...args);
  };
  const begun = stage.now;
  await stage.drain('a', { ports: { parking: replaced(parking, { deleteMessage }) } });
  expect(stage.processed()).toEqual(ids);
  const calls = stage.calls.filter((call) => /^(parking|modes|state)\./.test(call)).length;
  expect(calls / ids.length).toBeLessThan(1.3);
  const seconds = (stage.now - begun + (calls - ids.length) * CALL) / 1_000;
  expect(ids.length / seconds).toBeGreaterThan(11);
});
