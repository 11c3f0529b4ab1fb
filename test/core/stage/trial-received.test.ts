/** Messages that a trial received go back to the queue, unless they were finished. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';
import { TrialStage } from '../../support/trial-stage.ts';

let stage: TrialStage;
beforeEach(() => {
  stage = new TrialStage();
});

const visibility = () => Object.fromEntries(stage.queue.visibility);
const retry: Outcome = { kind: 'retry', reason: '503' };

describe('a received message', () => {
  it.each<[string, string, Outcome | (() => never)]>([
    ['the modes can no longer be read', 'modes.readStored', retry],
    ['the heads cannot be read', 'state.read', retry],
    ['the index cannot be read', 'parking.heads', retry],
    ['the ledger cannot be written', 'state.saveAttempt', retry],
  ])('goes back whatever happens, also when %s', async (_, call, result) => {
    stage.waiting('a1', 'a2', 'b1');
    stage.results.set('a1', result);
    stage.results.set('b1', result);
    const { queue } = stage.deps().ports;
    const receive = async () => {
      stage.faults.set(call, 'before');
      return stage.queue.receive();
    };
    await stage.trial({ ports: { queue: replaced(queue, { receive }) } });
    expect(visibility()).toEqual({ a1: 0, a2: 0, b1: 0 });
  });

  it('goes back when our own code fails, and the error is thrown', async () => {
    stage.waiting('a1');
    const heads = () => Promise.reject(new TypeError('a bug'));
    const { parking } = stage.deps().ports;
    const trial = stage.trial({ ports: { parking: replaced(parking, { heads }) } });
    await expect(trial).rejects.toThrow('a bug');
    expect(visibility()).toEqual({ a1: 0 });
  });

  it('goes back with its key in one call, and is hidden for longer than the function can live', async () => {
    const seconds: number[] = [];
    const calls: string[][] = [];
    stage.results.set('a1', retry);
    stage.results.set('b1', retry);
    stage.waiting('a1', 'b1', 'a2', 'b2');
    const { queue } = stage.deps().ports;
    await stage.trial({
      ports: {
        queue: replaced(queue, {
          receive: (hidden) => (seconds.push(hidden), stage.queue.receive()),
          setVisibility: (messages) => (calls.push(messages.map(({ id }) => id)), Promise.resolve()),
        }),
      },
    });
    expect(calls.sort()).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
    expect(seconds).toEqual([70, 70]);
  });

  it('does not use up the time for the first attempt', async () => {
    stage.timeLeft = 30_000;
    let id = 0;
    const { queue } = stage.deps().ports;
    const receive = () => {
      stage.timeLeft -= 3_000;
      return Promise.resolve([stage.message(`m${(id += 1)}`, `k${id}`)]);
    };
    await stage.trial({ time: { worstCase: 20_000 }, ports: { queue: replaced(queue, { receive }) } });
    expect(stage.processed()).toEqual(['m1']);
  });

  it('goes back if it arrived before the queue failed', async () => {
    stage.waiting('a1');
    let calls = 0;
    const { queue } = stage.deps().ports;
    const receive = async () => {
      calls += 1;
      if (calls > 1) throw new InfraFault('ReceiveMessage failed');
      return stage.queue.receive();
    };
    await stage.trial({ ports: { queue: replaced(queue, { receive }) } });
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.events).toContainEqual({ type: 'trial stopped', error: expect.any(InfraFault) as unknown });
  });

  it('that was parked by an interrupted delivery is not tried: its head is touched, and it is deleted', async () => {
    const message = stage.redelivered('a1');
    const { id, groupId, body, sequenceNumber, sentAt } = message;
    const parked = { id, groupId, body, sequenceNumber, sentAt, parkedAt: 1, sort: sortOf(message) };
    await stage.parking.putMessage(STAGE, parked);
    await stage.trial();
    expect(stage.processed()).toEqual([]);
    expect(stage.head()).toBeDefined();
    expect(stage.queue.deleted).toEqual(['a1']);
  });
});
