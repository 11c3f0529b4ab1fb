/** What an attempt at a message from the queue is given, and what is written when it cannot be charged. */
import { beforeEach, expect, it } from '@jest/globals';
import type { Process } from '../../lambdas/core/outcome.ts';
import type { Attempt } from '../../lambdas/core/ports.ts';
import { MemoryStage } from '../support/memory-stage.ts';
import { replaced } from '../support/ports-gate.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

it('is given what the ledger knew before its charge, and a clock of the time left', async () => {
  const known: Attempt = { failures: 2, progress: { events: 3, outputs: 1, codeVersion: 'v1' } };
  stage.state.attempts.set('a1', known);
  const given: unknown[] = [];
  const process: Process = async ({ id }, { attempt, timeLeft }) => {
    given.push([id, attempt, timeLeft()]);
    stage.timeLeft -= 1;
    given.push(timeLeft());
    return Promise.resolve({ kind: 'done' });
  };
  await stage.run([stage.message('a1', 'a', { receiveCount: 2 })], { process });
  expect(given).toEqual([['a1', known, 60_000], 59_999]);
});

it('that cannot be charged for an error of our own is not taken back: nothing is written after it', async () => {
  const deps = stage.deps();
  let writes = 0;
  const saveAttempt = () => {
    writes += 1;
    return Promise.reject(new TypeError('a bug'));
  };
  const run = stage.run([stage.message('a1', 'a', { receiveCount: 2 })], {
    state: replaced(deps.state, { saveAttempt }),
  });
  await expect(run).rejects.toThrow('a bug');
  expect(writes).toBe(1);
  expect(stage.calls).not.toContain('process a1');
});
