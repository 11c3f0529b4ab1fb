/** The input of an attempt at a message from the queue, and what is written when it cannot be charged. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { Outcome, Process } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { DELIVERED, MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { MINUTE } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

it('gets what the ledger knew before its charge, and a clock of the remaining time', async () => {
  const known: Attempt = { failures: 2, progress: { events: 3, done: 'first' } };
  stage.state.attempts.set('a1', known);
  const given: unknown[] = [];
  const process: Process = async ({ id }, { attempt, timeLeft }) => {
    given.push([id, attempt, timeLeft()]);
    stage.timeLeft -= 1;
    given.push(timeLeft());
    return Promise.resolve(DELIVERED);
  };
  await stage.run([stage.message('a1', 'a', { receiveCount: 2 })], { ports: { process } });
  expect(given).toEqual([['a1', known, 60_000], 59_999]);
});

describe('a crash', () => {
  const crash: Process = () => Promise.reject(new TypeError('no such property'));

  it('is reported in every mode, for operators to see', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now });
    await stage.run([stage.message('a1', 'a')], { ports: { process: crash } });
    expect(stage.calls).toContain('note crashed');
    stage.calls.length = 0;
    stage.setMode(STAGE, {});
    await stage.run([stage.message('b1', 'b')], { ports: { process: crash } });
    expect(stage.calls).toContain('note crashed');
    expect(stage.state.mode(STAGE).lastCrash).toMatchObject({ error: 'TypeError: no such property' });
  });

  it('that cannot be reported because of an error of our own ends the run', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now });
    const note = () => Promise.reject(new RangeError('a bug'));
    await expect(
      stage.run([stage.message('a1', 'a')], { ports: { process: crash }, mode: { note } }),
    ).rejects.toThrow('a bug');
  });
});

it('that cannot be charged because of an error of our own is not taken back: nothing is written after it', async () => {
  const deps = stage.deps();
  let writes = 0;
  const saveAttempt = () => {
    writes += 1;
    return Promise.reject(new TypeError('a bug'));
  };
  const run = stage.run([stage.message('a1', 'a', { receiveCount: 2 })], {
    ports: { state: replaced(deps.ports.state, { saveAttempt }) },
  });
  await expect(run).rejects.toThrow('a bug');
  expect(writes).toBe(1);
  expect(stage.calls).not.toContain('process a1');
});

describe('a crash that the sandbox caught', () => {
  const caught = { kind: 'timeout', error: 'took too long', stack: 'at x', eventId: 'e7' } as const;

  it('is charged to the message at its first delivery, with the event at which the code failed', async () => {
    stage.results.set('a1', { kind: 'crash', crash: caught });
    expect(await stage.run([stage.message('a1', 'a')])).toEqual(['a1']);
    const crash = { ...caught, codeVersion: 'v1', at: stage.now, messageId: 'a1', key: 'a' };
    expect(stage.state.attempts.get('a1')).toEqual({
      failures: 0,
      charges: 1,
      stamp: '0:v1',
      firstFailedAt: stage.now,
      lastFailedAt: stage.now,
      excused: 1,
      lastError: 'took too long',
      crash,
    });
    expect(stage.events).toMatchObject([{ type: 'crash', message: { id: 'a1' }, crash }]);
  });

  it('is the reason for the redrive in the end', async () => {
    stage.results.set('a1', { kind: 'crash', crash: caught });
    expect(await stage.runUntilGone(stage.message('a1', 'a'))).toBe(4);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash).toMatchObject(caught);
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe('it crashed 3 times: took too long');
  });

  it('keeps the progress of earlier attempts', async () => {
    const progress = { events: 3, done: 'first' };
    stage.state.attempts.set('a1', { failures: 0, progress });
    stage.results.set('a1', { kind: 'crash', crash: caught });
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.state.attempts.get('a1')).toMatchObject({ progress, charges: 1 });
  });
});

describe('last words', () => {
  /** Notes and calls in one list, in their order. */
  const inOrder = (): string[] => {
    const { lastWords } = stage;
    const note = (what: string, name: string) => void stage.calls.push(`words ${what} ${name}`);
    const begun: typeof lastWords.begun = ({ id }, stamp, isCharged) => {
      note('begun', `${id} ${stamp} ${String(isCharged)}`);
    };
    const ended: typeof lastWords.ended = ({ id }) => {
      note('ended', id);
    };
    Object.assign(lastWords, { begun, ended });
    return stage.calls;
  };

  it('are written immediately before and after the work, for a first delivery without a charge', async () => {
    const calls = inOrder();
    await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')]);
    expect(calls.slice(1)).toEqual([
      'words begun a1 0:v1 false',
      'process a1',
      'words ended a1',
      'queue.delete a1',
      'state.saveProgress',
      'words begun a2 0:v1 false',
      'process a2',
      'words ended a2',
    ]);
  });

  it('of a redelivery state that it has been charged, after the charge was written', async () => {
    stage.setMode(STAGE, { epoch: 6 });
    const calls = inOrder();
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })], { stage: { codeVersion: 'v9' } });
    expect(calls.slice(-6)).toEqual([
      'state.saveAttempt a1',
      'words begun a1 6:v9 true',
      'process a1',
      'words ended a1',
      'queue.delete a1',
      'state.saveProgress',
    ]);
  });

  it.each<[string, Outcome | (() => never)]>([
    ['a retry', { kind: 'retry', reason: 'x' }],
    ['a fault', { kind: 'fault', reason: 'x' }],
    ['a stop', { kind: 'stopped' }],
    ['a crash', { kind: 'crash', crash: { kind: 'exit', error: 'x' } }],
    [
      'a throw',
      () => {
        throw new TypeError('x');
      },
    ],
    [
      'an AWS failure that is thrown',
      () => {
        throw new InfraFault('x');
      },
    ],
    [
      'a refusal',
      () => {
        throw new MessageRefused('x');
      },
    ],
  ])('end with %s, before anything is written about it', async (_, result) => {
    const calls = inOrder();
    stage.results.set('a1', result);
    await stage.run([stage.message('a1', 'a')]);
    const begun = calls.indexOf('words begun a1 0:v1 false');
    expect(calls.slice(begun, begun + 3)).toEqual([
      'words begun a1 0:v1 false',
      'process a1',
      'words ended a1',
    ]);
    expect(calls.filter((call) => call.startsWith('words'))).toHaveLength(2);
  });

  it.each<[string, () => unknown]>([
    [
      'is parked behind its key',
      () => stage.parking.touchHead(STAGE, 'a', { token: 't', now: 1, reason: 'r' }),
    ],
    ['has no time', () => (stage.timeLeft = 1)],
    ['is deferred by a stage that is blocked', () => stage.state.modes.set(STAGE, { ...NORMAL, held: true })],
    ['cannot be charged', () => stage.faults.set('state.saveAttempt', 'before')],
  ])('are not written for a message that %s', async (_, prepare) => {
    await prepare();
    await stage.run([stage.message('a1', 'a', { receiveCount: 2, sentAt: stage.now - MINUTE })]);
    expect(stage.words).toEqual([]);
  });
});
