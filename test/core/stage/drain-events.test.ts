/** The events of the dead-letter consumer and the drain for logs and metrics. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { drain as drainAll } from '../../../lambdas/core/stage/drain.ts';
import { takeInDeadLetters } from '../../../lambdas/core/stage/dead-letters.ts';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE, type Overrides } from '../../support/memory-stage.ts';
import { SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const failure = new TypeError('no such property');
const crash = (): never => {
  throw failure;
};
const fault: unknown = expect.any(InfraFault);

describe('of the dead letters', () => {
  const takeIn = (ids: readonly string[]) =>
    takeInDeadLetters(
      ids.map((id) => stage.message(id, id.slice(0, 1), { receiveCount: 1_001 })),
      stage.deps(),
    );

  it('each redriven and parked, with the reason', async () => {
    await takeIn(['a1']);
    const error = 'SQS moved it to the dead-letter queue; received 1001 times in all';
    expect(stage.events).toMatchObject([
      { type: 'redriven', message: { id: 'a1' }, crash: { kind: 'dead letter', error } },
      { type: 'parked', message: { id: 'a1' }, reason: error, counted: true },
    ]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 0, crash: { error } });
  });

  it('those deferred for lack of time, by a fault, or because the state cannot be read', async () => {
    stage.timeLeft = 10 * SECOND - 1;
    expect(await takeIn(['a1', 'a2'])).toEqual(['a1', 'a2']);
    expect(stage.events).toMatchObject([{ type: 'stopped', message: { id: 'a1' } }]);
    expect(stage.queue.visibility.size).toBe(0);
    stage.events.length = 0;
    stage.timeLeft += 1;
    stage.faults.set('parking.putMessage', 'before');
    expect(await takeIn(['b1'])).toEqual(['b1']);
    expect(stage.events.at(-1)).toMatchObject({ type: 'fault', message: { id: 'b1' }, delay: 10 });
    expect(stage.events.at(-1)).toHaveProperty('reason', expect.stringContaining('parking.putMessage b1'));
    stage.events.length = 0;
    stage.faults.set('state.read', 'before');
    await takeIn(['c1', 'c2']);
    expect(stage.events).toStrictEqual([
      { type: 'deferred', messages: 2, reason: 'state unreadable', error: fault },
    ]);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ b1: 10, c1: 10, c2: 10 });
  });

  it('none for an error of our own in reading the state, which is thrown', async () => {
    const read = () => Promise.reject(new TypeError('a bug'));
    const deps = stage.deps({ ports: { state: replaced(stage.deps().ports.state, { read }) } });
    const letters = [stage.message('a1', 'a')];
    await expect(takeInDeadLetters(letters, deps)).rejects.toThrow('a bug');
    expect(stage.queue.visibility.size).toBe(0);
  });

  it('after a read of their ledger, and of no heads', async () => {
    await takeIn(['a1', 'b1']);
    expect(stage.reads).toEqual([{ keys: [], attemptsOf: ['a1', 'b1'] }]);
  });
});

describe('of a drain', () => {
  const drain = (overrides: Overrides = {}) => drainAll({ shard: shardOf('a') }, stage.deps(overrides));
  const failed = { type: 'drain failed', key: 'a', messageId: 'a1' } as const;

  it.each([
    [{ kind: 'retry', reason: '503', retryAfter: 90_000 }, 'retry', '503', 90 * SECOND],
    [{ kind: 'fault', reason: 'SQS is down' }, 'fault', 'SQS is down', SECOND / 2],
  ] as const)(
    'that ends with %j: the reason, and when the key is due',
    async (outcome, why, reason, wait) => {
      await stage.parkAll('a', 'a1');
      stage.results.set('a1', outcome);
      await drain();
      expect(stage.events).toStrictEqual([{ ...failed, why, reason, nextAttemptAt: stage.now + wait }]);
    },
  );

  it('that crashes: the crash record, which is kept with the message', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    await drain();
    const kept = stage.parking.messages(STAGE, 'a')[0]?.attempt;
    const reason = 'TypeError: no such property';
    expect(kept).toMatchObject({
      failures: 0,
      lastError: reason,
      crash: { codeVersion: 'v1', messageId: 'a1', key: 'a' },
    });
    const nextAttemptAt = stage.now + SECOND / 2;
    expect(stage.events).toStrictEqual([
      { ...failed, why: 'crash', reason, crash: kept?.crash, nextAttemptAt },
    ]);
  });

  it('that ends with a failure of AWS: the worker ends, and reports what stopped it', async () => {
    await stage.parkAll('a', 'a1');
    stage.faults.set('parking.page', 'before').set('parking.releaseLease', 'before');
    await drain();
    expect(stage.events).toStrictEqual([
      { type: 'setback', step: 'lease', error: fault },
      { type: 'drain stopped', shard: shardOf('a'), error: fault },
    ]);
  });

  it('none for an error of our own, which is thrown; the lease expires', async () => {
    await stage.parkAll('a', 'a1');
    const deps = stage.deps();
    const parking = replaced(deps.ports.parking, { page: () => Promise.reject(new TypeError('a bug')) });
    await expect(drain({ ports: { parking } })).rejects.toThrow('a bug');
    expect(stage.parking.head(STAGE, 'a')).toHaveProperty('leaseOwner');
    expect(stage.calls.filter((call) => call.startsWith('parking.releaseLease'))).toEqual([]);
  });

  it('no setback for an error of our own in giving the lease back', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    const deps = stage.deps();
    const parking = replaced(deps.ports.parking, {
      releaseLease: () => Promise.reject(new TypeError('a bug')),
    });
    await expect(drain({ ports: { parking } })).rejects.toThrow('a bug');
  });

  it('with a message like one that the queue delivers for the first time, without a receipt', async () => {
    await stage.parkAll('a', 'a1');
    const given: unknown[] = [];
    const process: Process = async (message) => {
      given.push(message);
      return Promise.resolve({ kind: 'done' });
    };
    const [parked] = stage.parking.messages(STAGE, 'a');
    await drain({ ports: { process } });
    const { sequenceNumber, sentAt } = parked ?? {};
    expect(given).toStrictEqual([
      { id: 'a1', groupId: 'a', body: 'a1', sequenceNumber, sentAt, receiptHandle: '', receiveCount: 1 },
    ]);
  });
});
