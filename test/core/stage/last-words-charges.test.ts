/** Last words and the ledger: a charge that was written before, further deaths, and failures of AWS. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';
import { LastWordsStage } from './last-words-stage.ts';

let stage: LastWordsStage;
beforeEach(() => {
  stage = new LastWordsStage();
});

describe('a charge that was written before the attempt', () => {
  const charged = { failures: 2, charges: 3, stamp: '4:v1', begunAt: 5 };

  it('is not written again, only that the process died at it; and the key is delayed', async () => {
    stage.state.attempts.set('a1', charged);
    await stage.heeded(stage.left(['a1', 'b1'], ['a1+']));
    const { now } = stage;
    const failed = { firstFailedAt: now, lastFailedAt: now, excused: 1 };
    expect(stage.state.attempts.get('a1')).toEqual({ failures: 2, charges: 3, stamp: '4:v1', ...failed });
    expect(stage.visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events).toMatchObject([{ type: 'died', message: { id: 'a1' } }]);
    expect(stage.calls).toContain('note died');
  });

  it.each([
    ['that has been taken back', { failures: 2 }],
    ['that is of another stamp', { ...charged, stamp: '5:v1' }],
    ['that is not in the ledger', undefined],
  ])('%s is no death', async (_, attempt) => {
    if (attempt !== undefined) stage.state.attempts.set('a1', attempt);
    await stage.heeded(stage.left(['a1'], ['a1+']));
    expect(stage.state.attempts.get('a1')).toEqual(attempt);
    expect(stage.calls).not.toContain('note died');
  });

  it('that cannot be read is left to the next delivery, which detects the death', async () => {
    stage.state.attempts.set('a1', charged);
    stage.faults.set('state.read', 'before');
    await stage.heeded(stage.left(['a1'], ['a1+']));
    expect(stage.calls).not.toContain('note died');
    expect(stage.visibility()).toEqual({ a1: 1 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'ledger' }]);
  });
});

describe('a death of a message that keeps failing while others get through', () => {
  const charged = { failures: 0, charges: 1, stamp: '4:v1', begunAt: 8, firstFailedAt: 1, lastFailedAt: 5 };
  beforeEach(() => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 4, since: 1, windowFrom: stage.now });
    stage.state.progress.set(STAGE, { deliveredAt: 7 });
  });
  const died = async (excused: number) => {
    stage.state.attempts.set('a1', { ...charged, excused });
    await stage.heeded(stage.left(['a1'], ['a1+']));
  };

  it('counts for its key', async () => {
    await died(1);
    expect(stage.state.attempts.get('a1')).toMatchObject({ excused: 2, lastFailedAt: stage.now });
    expect(stage.calls).toContain('note died');
  });

  it('is no evidence about the stage once the key is in trouble of its own: its next delivery parks it, without an attempt', async () => {
    await died(2);
    expect(stage.calls).not.toContain('note died');
    expect(await stage.run([stage.message('a1', 'a', { receiveCount: 3 })])).toEqual([]);
    expect(stage.calls).not.toContain('process a1');
    expect(stage.parked('a')).toEqual(['a1']);
    expect(stage.parking.head(STAGE, 'a')?.reason).toMatch(/^others get through, .*the process ended/);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'recovering', redrives: [] });
  });
});

describe('a failure of AWS', () => {
  it('in writing a charge is a setback, and all are given back', async () => {
    stage.faults.set('state.saveAttempt', 'before');
    await stage.heeded(stage.left(['a1', 'b1'], ['a1']));
    expect(stage.visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events.slice(1)).toEqual([
      { type: 'setback', step: 'ledger', error: expect.any(InfraFault) },
    ]);
  });

  it('in reporting a death is a setback, and all are given back', async () => {
    stage.faults.set('note', 'before');
    await stage.heeded(stage.left(['a1', 'b1'], ['a1']));
    expect(stage.visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'mode' }]);
  });

  it('in giving a key back is a setback, and the next key is given back', async () => {
    stage.faults.set('queue.setVisibility a1', 'before');
    await stage.heeded(stage.left(['a1', 'b1'], []));
    expect(stage.visibility()).toEqual({ b1: 0 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'visibility' }]);
  });

  it('is not confused with an error of our own, which is thrown', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'));
    const state = replaced(stage.deps().ports.state, { saveAttempt: bug });
    await expect(stage.heeded(stage.left(['a1'], ['a1']), { ports: { state } })).rejects.toThrow('a bug');
    expect(stage.visibility()).toEqual({});
  });
});

describe('the next deliveries', () => {
  it('redrive the message after three deaths, including the first', async () => {
    await stage.heeded({
      ...stage.left(['a1'], ['a1']),
      inHand: [{ id: 'a1', stamp: '0:v1', isCharged: false }],
    });
    stage.results.set('a1', { kind: 'crash', crash: { kind: 'exit', error: 'process.exit(1)' } });
    const message = stage.message('a1', 'a', { receiveCount: 2 });
    expect(await stage.runUntilGone(message)).toBe(4);
    expect(stage.calls.filter((call) => call === 'process a1')).toHaveLength(2);
    expect(stage.state.mode(STAGE).redrives).toEqual([{ id: 'a1', at: stage.now }]);
  });
});
