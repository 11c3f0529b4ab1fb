/** A message that AWS does not accept because of its content: parked, and counted nowhere. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE, type Result } from '../../support/memory-stage.ts';
import { SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const REASON = 'SendMessageBatch: the message is too large';
const refused: Outcome = { kind: 'refused', reason: REASON };
const thrown: Result = () => {
  throw new MessageRefused(REASON);
};
/** The reports about a message; that the mapping works is not about a message. */
const notes = (): string[] =>
  stage.calls.filter((call) => call.startsWith('note') && call !== 'note invoked');
const parked = () => stage.parking.messages(STAGE, 'a');

describe('from the queue', () => {
  it.each([
    ['that returns it', refused],
    ['that throws it', thrown],
  ])(
    'work %s: the message is parked, its followers behind it, and other keys continue',
    async (_, result) => {
      stage.results.set('a1', result);
      const batch = [stage.message('a1', 'a'), stage.message('a2', 'a'), stage.message('b1', 'b')];
      expect(await stage.run(batch)).toEqual([]);
      expect(stage.parked('a')).toEqual(['a1', 'a2']);
      expect(stage.processed().sort()).toEqual(['a1', 'b1']);
      expect(stage.parking.head(STAGE, 'a')?.reason).toBe(`AWS does not take it: ${REASON}`);
      expect(parked()[0]?.attempt).toEqual({ failures: 0, lastError: REASON });
    },
  );

  it('is no redrive, no crash and no failure: nothing is reported to the mode machine, whatever the mode is', async () => {
    for (const mode of ['normal', 'recovering'] as const) {
      stage.setMode(STAGE, { mode, failing: { since: 1, count: 3, keys: ['x', 'y'] } });
      stage.results.set(mode, refused);
      const message = stage.message(mode, mode);
      stage.events.length = 0;
      await stage.run([message]);
      expect(stage.events).toStrictEqual([
        { type: 'parked', message, reason: `AWS does not take it: ${REASON}`, counted: false },
      ]);
    }
    expect(notes()).toEqual([]);
  });

  it('keeps its progress, for the drain to continue from', async () => {
    const progress = { events: 2, done: 'first' };
    stage.results.set('a1', { ...refused, progress });
    await stage.run([stage.message('a1', 'a')]);
    expect(parked()[0]?.attempt).toEqual({ failures: 0, progress, lastError: REASON });
  });

  it('is parked with its charge taken back', async () => {
    const before = { failures: 2, firstFailedAt: 7, charges: 1, stamp: '0:v1' };
    stage.state.attempts.set('a1', before);
    stage.results.set('a1', refused);
    await stage.run([stage.message('a1', 'a', { receiveCount: 3 })]);
    expect(parked()[0]?.attempt).toEqual({ ...before, lastError: REASON });
  });

  it.each(['parking.putMessage', 'parking.touchHead'])(
    'stays in the queue, uncharged, when %s fails, however often it fails',
    async (call) => {
      stage.results.set('a1', refused);
      stage.faults.set(call, 'before');
      const message = stage.message('a1', 'a');
      for (let receiveCount = 1; receiveCount <= 5; receiveCount += 1)
        expect(await stage.run([{ ...message, receiveCount }])).toEqual(['a1']);
      expect(stage.state.attempts.get('a1')?.charges ?? 0).toBe(0);
      stage.faults.clear();
      expect(await stage.run([{ ...message, receiveCount: 6 }])).toEqual([]);
      expect(stage.parked('a')).toEqual(['a1']);
      expect(notes()).toEqual([]);
    },
  );
});

describe('in a drain', () => {
  const drain = async (result: Result) => {
    stage.results.set('a1', result);
    stage.events.length = 0;
    await stage.drain();
    return stage.head();
  };

  it.each([
    ['that returns it', refused],
    ['that throws it', thrown],
  ])(
    'work %s: the message stays first of its key, and is retried at growing intervals',
    async (_, result) => {
      await stage.parkAll('a', 'a1', 'a2');
      for (const failures of [1, 2, 3]) {
        const wait = (SECOND / 2) * 2 ** (failures - 1);
        expect(await drain(result)).toMatchObject({ failures, nextAttemptAt: stage.now + wait });
        expect(stage.events).toStrictEqual([
          {
            type: 'drain failed',
            key: 'a',
            messageId: 'a1',
            why: 'refused',
            reason: REASON,
            nextAttemptAt: stage.now + wait,
          },
        ]);
        stage.now += wait;
      }
      expect(stage.parked('a')).toEqual(['a1', 'a2']);
      expect(stage.processed()).toEqual(['a1', 'a1', 'a1']);
      expect(stage.head()).not.toHaveProperty('leaseOwner');
      expect(notes()).toEqual([]);
    },
  );

  it('keeps what is known of the message, and its progress since', async () => {
    await stage.parkAll('a', 'a1');
    await drain({ kind: 'retry', reason: '503', progress: { events: 1 } });
    const failed = parked()[0]?.attempt;
    expect(failed).toMatchObject({ failures: 1, firstFailedAt: stage.now });
    stage.now += SECOND;
    await drain(refused);
    expect(parked()[0]?.attempt).toEqual({ ...failed, lastError: REASON });
    stage.now += 2 * SECOND;
    await drain({ ...refused, progress: { events: 3 } });
    expect(parked()[0]?.attempt).toEqual({ failures: 0, progress: { events: 3 }, lastError: REASON });
  });
});
