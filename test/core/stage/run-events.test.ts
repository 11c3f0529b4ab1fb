/** The events of the runner for logs and metrics, and when exactly the time of runner and drain is too short. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { drain } from '../../../lambdas/core/stage/drain.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { DAY, SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const failure = new TypeError('no such property');
const crash = (): never => {
  throw failure;
};
const fault: unknown = expect.any(InfraFault);

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
  ] as const)('that ends with %j: the reason, and how long it waits', async (outcome, event) => {
    const message = stage.message('a1', 'a', { receiveCount: 3 });
    stage.results.set('a1', outcome);
    await stage.run([message]);
    expect(stage.events).toStrictEqual([{ ...event, message }]);
  });

  it('that crashes: the crash record, and how long it waits', async () => {
    const message = stage.message('a1', 'a');
    stage.results.set('a1', crash);
    await stage.run([message]);
    const kept = stage.state.attempts.get('a1')?.crash;
    expect(kept).toMatchObject({ error: 'TypeError: no such property', stack: failure.stack });
    expect(stage.events).toStrictEqual([{ type: 'crash', message, delay: 1, crash: kept }]);
  });

  it('that is redriven: its crash, then parked and counted', async () => {
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
    if (reason === 'its key is parked') await stage.parkAll('a', 'a0');
    stage.setMode(STAGE, mode);
    const message = stage.message('a1', 'a', rest);
    await stage.run([message]);
    expect(stage.events).toStrictEqual([{ type: 'parked', message, reason, counted: false }]);
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe(reason === 'its key is parked' ? 'poison' : reason);
  });

  it('that was parked by an interrupted delivery: the head says so, or which crash it was', async () => {
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
    // A done message has no charge to take back.
    if (step === 'delete') expect(stage.state.attempts.size).toBe(0);
  });

  it('a batch whose state cannot be read', async () => {
    stage.faults.set('state.read', 'before');
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.events).toStrictEqual([
      { type: 'deferred', messages: 1, reason: 'state unreadable', error: fault },
    ]);
  });
});

describe('time is sufficient if the worst case fits, to the millisecond', () => {
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
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', () => {
      stage.timeLeft = timeLeft;
      return { kind: 'done' };
    });
    await drain({ shard: shardOf('a') }, stage.deps());
    const ids = stage.calls.filter((call) => call.startsWith('process ')).map((call) => call.slice(8));
    expect(ids).toEqual(drained);
  });
});
