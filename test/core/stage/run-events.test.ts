/** What the runner, the intake and the drain tell logs and metrics, and when exactly their time is too short. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { drainShard } from '../../../lambdas/core/stage/drain.ts';
import { takeInDeadLetters } from '../../../lambdas/core/stage/dead-letters.ts';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { DAY, MemoryStage, SECOND, STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const failure = new TypeError('no such property');
const crash = (): never => {
  throw failure;
};
const fault: unknown = expect.any(InfraFault);
const park = async (key: string, ...ids: string[]): Promise<void> => {
  await stage.parking.touchHead(STAGE, key, { token: 't0', now: stage.now, reason: 'poison' });
  await stage.run(ids.map((id) => stage.message(id, key)));
  stage.calls.length = 0;
  stage.events.length = 0;
};

describe('of a message from the queue', () => {
  it.each([
    [
      { kind: 'retry', reason: '503', retryAfter: 7_000 },
      { type: 'retry', reason: '503', delay: 7 },
    ],
    [
      { kind: 'fault', reason: 'SQS is down' },
      { type: 'fault', reason: 'SQS is down', delay: 2 },
    ],
    [{ kind: 'stopped' }, { type: 'stopped' }],
  ] as const)('that ends with %j: why, and how long it waits', async (outcome, event) => {
    const message = stage.message('a1', 'a', { receiveCount: 3 });
    stage.results.set('a1', outcome);
    await stage.run([message]);
    expect(stage.events).toStrictEqual([{ ...event, message }]);
  });

  it('that crashes: the record of it, and how long it waits', async () => {
    const message = stage.message('a1', 'a');
    stage.results.set('a1', crash);
    await stage.run([message]);
    const kept = stage.state.attempts.get('a1')?.crash;
    expect(kept).toMatchObject({ error: 'TypeError: no such property', stack: failure.stack });
    expect(stage.events).toStrictEqual([{ type: 'crash', message, delay: 1, crash: kept }]);
  });

  it('that is redriven: its crash, then that it is parked and counted', async () => {
    const message = stage.message('a1', 'a', { receiveCount: 9 });
    stage.state.attempts.set('a1', { failures: 0, charges: 3, stamp: '0:v1' });
    await stage.run([message]);
    const error =
      'the process ended 3 times (a native crash, a timeout, or out of memory) while processing this message';
    expect(stage.events).toStrictEqual([
      { type: 'redriven', message, crash: expect.objectContaining({ kind: 'death', error }) as unknown },
      { type: 'parked', message, reason: `it crashed 3 times: ${error}`, counted: true },
    ]);
  });

  it.each([
    ['behind its key', {}, {}, 'its key is parked'],
    ['too old', {}, { sentAt: Date.UTC(2026, 0, 1) - 7 * DAY }, 'it has been in the queue for 7 days'],
    [
      'of a stage that spills',
      { mode: 'degraded', spill: true },
      {},
      'the stage has not been forwarding for too long',
    ],
  ] as const)('that is parked because it is %s', async (_, mode, rest, reason) => {
    if (reason === 'its key is parked') await park('a', 'a0');
    stage.setMode(STAGE, mode);
    const message = stage.message('a1', 'a', rest);
    await stage.run([message]);
    expect(stage.events).toStrictEqual([{ type: 'parked', message, reason, counted: false }]);
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe(reason === 'its key is parked' ? 'poison' : reason);
  });

  it('that was parked by a delivery that was cut short: the head says so, or which crash it was', async () => {
    const error = 'TypeError: no such property';
    const known = { kind: 'throw', error, codeVersion: 'v1', at: stage.now } as const;
    stage.state.attempts.set('b1', { failures: 0, crash: known });
    for (const [key, reason] of [
      ['a', 'it was parked by a delivery that was cut short'],
      ['b', error],
    ] as const) {
      const message = stage.message(`${key}1`, key, { receiveCount: 2 });
      stage.setMode(STAGE, { mode: 'degraded', spill: true });
      stage.faults.set('parking.touchHead', 'before');
      await stage.run([message]);
      stage.faults.clear();
      stage.setMode(STAGE, {});
      await stage.run([message]);
      expect(stage.parking.head(STAGE, key)?.reason).toBe(reason);
    }
    expect(stage.calls.filter((call) => call.startsWith('process'))).toEqual([]);
  });

  it.each([
    ['state.saveAttempt', { kind: 'retry', reason: 'x' }, 'ledger'],
    ['note', { kind: 'retry', reason: 'x' }, 'mode'],
    ['queue.setVisibility', { kind: 'retry', reason: 'x' }, 'visibility'],
    ['queue.delete', { kind: 'done' }, 'delete'],
  ] as const)('a setback of %s', async (call, outcome, step) => {
    stage.results.set('a1', outcome);
    stage.faults.set(call, 'before');
    await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')]);
    expect(stage.events).toContainEqual({ type: 'setback', step, error: fault });
    // A done message was not charged: there is nothing to take back.
    if (step === 'delete') expect(stage.state.attempts.size).toBe(0);
  });

  it('a batch whose state cannot be read', async () => {
    stage.faults.set('state.read', 'before');
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.events).toStrictEqual([
      { type: 'refused', messages: 1, reason: 'state unreadable', error: fault },
    ]);
  });
});

describe('of the dead letters', () => {
  const takeIn = (ids: readonly string[]) =>
    takeInDeadLetters(
      ids.map((id) => stage.message(id, id.slice(0, 1), { receiveCount: 1_001 })),
      stage.deps(),
    );

  it('each is redriven and parked, with why', async () => {
    await takeIn(['a1']);
    const error = 'SQS moved it to the dead-letter queue; received 1001 times in all';
    expect(stage.events).toMatchObject([
      { type: 'redriven', message: { id: 'a1' }, crash: { kind: 'dead letter', error } },
      { type: 'parked', message: { id: 'a1' }, reason: error, counted: true },
    ]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 0, crash: { error } });
  });

  it('what is put off: for want of time, by a fault, or because the state cannot be read', async () => {
    stage.timeLeft = 10 * SECOND - 1;
    expect(await takeIn(['a1', 'a2'])).toEqual(['a1', 'a2']);
    expect(stage.events).toMatchObject([{ type: 'stopped', message: { id: 'a1' } }]);
    expect(stage.queue.visibility.size).toBe(0);
    stage.events.length = 0;
    stage.timeLeft += 1;
    stage.faults.set('parking.putMessage', 'before');
    expect(await takeIn(['b1'])).toEqual(['b1']);
    expect(stage.events.at(-1)).toMatchObject({ type: 'fault', message: { id: 'b1' }, delay: 60 });
    expect(stage.events.at(-1)).toHaveProperty('reason', expect.stringContaining('parking.putMessage b1'));
    stage.events.length = 0;
    stage.faults.set('state.read', 'before');
    await takeIn(['c1', 'c2']);
    expect(stage.events).toStrictEqual([
      { type: 'refused', messages: 2, reason: 'state unreadable', error: fault },
    ]);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ b1: 60, c1: 60, c2: 60 });
  });

  it('an error of our own in reading the state is thrown', async () => {
    const deps = stage.deps();
    const read = () => Promise.reject(new TypeError('a bug'));
    const letters = [stage.message('a1', 'a')];
    await expect(
      takeInDeadLetters(letters, { ...deps, state: replaced(deps.state, { read }) }),
    ).rejects.toThrow('a bug');
    expect(stage.queue.visibility.size).toBe(0);
  });

  it('asks for what the ledger knows of them, and for no heads', async () => {
    await takeIn(['a1', 'b1']);
    expect(stage.reads).toEqual([{ keys: [], attemptsOf: ['a1', 'b1'] }]);
  });
});

describe('of a drain', () => {
  const drain = (overrides = {}) => drainShard(shardOf('a'), stage.deps(overrides));
  const failed = { type: 'drain failed', key: 'a', messageId: 'a1' } as const;

  it.each([
    [{ kind: 'retry', reason: '503', retryAfter: 90_000 }, 'retry', '503', 90 * SECOND],
    [{ kind: 'fault', reason: 'SQS is down' }, 'fault', 'SQS is down', SECOND / 2],
  ] as const)('that ends with %j: why, and when the key is due', async (outcome, why, reason, wait) => {
    await park('a', 'a1');
    stage.results.set('a1', outcome);
    await drain();
    expect(stage.events).toStrictEqual([{ ...failed, why, reason, nextAttemptAt: stage.now + wait }]);
  });

  it('that crashes: the record of it, which is kept with the message', async () => {
    await park('a', 'a1');
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

  it('that AWS fails: the worker ends, and says what stopped it', async () => {
    await park('a', 'a1');
    stage.faults.set('parking.oldest', 'before').set('parking.releaseLease', 'before');
    await drain();
    expect(stage.events).toStrictEqual([
      { type: 'setback', step: 'lease', error: fault },
      { type: 'drain stopped', shard: shardOf('a'), error: fault },
    ]);
  });

  it('an error of our own is thrown, and the lease is left to end by itself', async () => {
    await park('a', 'a1');
    const deps = stage.deps();
    const parking = replaced(deps.parking, { oldest: () => Promise.reject(new TypeError('a bug')) });
    await expect(drain({ parking })).rejects.toThrow('a bug');
    expect(stage.parking.head(STAGE, 'a')).toHaveProperty('leaseOwner');
    expect(stage.calls.filter((call) => call.startsWith('parking.releaseLease'))).toEqual([]);
  });

  it('an error of our own in giving the lease back is no setback', async () => {
    await park('a', 'a1');
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    const deps = stage.deps();
    const parking = replaced(deps.parking, { releaseLease: () => Promise.reject(new TypeError('a bug')) });
    await expect(drain({ parking })).rejects.toThrow('a bug');
  });

  it('gives its process a message as the queue would for the first time, without a receipt', async () => {
    await park('a', 'a1');
    const given: unknown[] = [];
    const process: Process = async (message) => {
      given.push(message);
      return Promise.resolve({ kind: 'done' });
    };
    const [parked] = stage.parking.messages(STAGE, 'a');
    await drain({ process });
    const { sequenceNumber, sentAt } = parked ?? {};
    expect(given).toStrictEqual([
      { id: 'a1', groupId: 'a', body: 'a1', sequenceNumber, sentAt, receiptHandle: '', receiveCount: 1 },
    ]);
  });
});

describe('time is enough as long as the worst case fits, to the millisecond', () => {
  it.each([
    [10 * SECOND, 1, ['a1']],
    [10 * SECOND, 2, ['a1']],
    [10 * SECOND - 1, 1, []],
    [10 * SECOND - 1, 2, []],
  ])('%i ms left, received %i times', async (timeLeft, receiveCount, begun) => {
    stage.timeLeft = timeLeft;
    await stage.run([stage.message('a1', 'a', { receiveCount })]);
    const ids = stage.calls.filter((call) => call.startsWith('process ')).map((call) => call.slice(8));
    expect(ids).toEqual(begun);
  });

  it.each([
    [10 * SECOND, ['a1', 'a2']],
    [10 * SECOND - 1, ['a1']],
  ])('%i ms left for the next message of a drain', async (timeLeft, drained) => {
    await park('a', 'a1', 'a2');
    stage.results.set('a1', () => {
      stage.timeLeft = timeLeft;
      return { kind: 'done' };
    });
    await drainShard(shardOf('a'), stage.deps());
    const ids = stage.calls.filter((call) => call.startsWith('process ')).map((call) => call.slice(8));
    expect(ids).toEqual(drained);
  });
});
