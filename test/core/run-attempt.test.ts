/** What an attempt at a message from the queue is given, and what is written when it cannot be charged. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Process } from '../../lambdas/core/outcome.ts';
import type { Attempt } from '../../lambdas/core/ports.ts';
import { MemoryStage, STAGE } from '../support/memory-stage.ts';
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

describe('a crash', () => {
  const crash: Process = () => Promise.reject(new TypeError('no such property'));

  it('is told to a stage that recovers, until its first success', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now });
    await stage.run([stage.message('a1', 'a')], { process: crash });
    expect(stage.calls).toContain('note crashed');
    stage.calls.length = 0;
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, successes: 1 });
    await stage.run([stage.message('b1', 'b')], { process: crash });
    expect(stage.calls).not.toContain('note crashed');
  });

  it('that cannot be told for an error of our own ends the run', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now });
    const note = () => Promise.reject(new RangeError('a bug'));
    await expect(stage.run([stage.message('a1', 'a')], { process: crash, note })).rejects.toThrow('a bug');
  });
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
