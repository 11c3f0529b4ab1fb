/** Messages of the queue that failed: when they are retried, and what is recorded. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { MINUTE } from '../../support/mode-settings.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const visibility = () => Object.fromEntries(stage.queue.visibility);

describe('retries', () => {
  it('back off exponentially, followers with the head', async () => {
    stage.state.attempts.set('a1', { failures: 3, firstFailedAt: stage.now - MINUTE, lastError: '500' });
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    await stage.run([stage.message('a1', 'a', { receiveCount: 4 }), stage.message('a2', 'a')]);
    // The fourth failure: 1 s * 2^3, of which jitter may take half.
    expect(visibility()).toEqual({ a1: 4, a2: 4 });
    expect(stage.state.attempts.get('a1')).toEqual({
      failures: 4,
      firstFailedAt: stage.now - MINUTE,
      lastFailedAt: stage.now,
      excused: 1,
      lastError: '503',
    });
  });

  it('respect Retry-After up to the longest backoff', async () => {
    stage.results.set('a1', { kind: 'retry', reason: '429', retryAfter: 30_000 });
    stage.results.set('b1', { kind: 'retry', reason: '429', retryAfter: 9_000_000 });
    await stage.run([stage.message('a1', 'a'), stage.message('b1', 'b')]);
    expect(visibility()).toEqual({ a1: 30, b1: 300 });
  });

  it.each([true, false])(
    'count for the breaker, of a destination (%s) as of the router',
    async (isDestination) => {
      stage.results.set('a1', { kind: 'retry', reason: '500' });
      await stage.run([stage.message('a1', 'a')], { stage: { isDestination } });
      expect(stage.state.mode(STAGE).failing).toEqual({ since: stage.now, count: 1, keys: ['a'] });
    },
  );

  it('reset the breaker on success; without failures nothing is written', async () => {
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.calls.filter((call) => call.startsWith('note'))).toEqual([]);
    const failure = { key: 'b', codeVersion: 'v1', text: '500', refused: false };
    await stage.note({ type: 'failed', epoch: 0, ...failure });
    stage.now += 1;
    await stage.run([stage.message('a2', 'a'), stage.message('b1', 'b')]);
    expect(stage.state.mode(STAGE).failing).toBeUndefined();
    // The second success has nothing to reset.
    expect(stage.calls.filter((call) => call.startsWith('note'))).toEqual(['note progress']);
  });

  it('do not count a fault of AWS as the message’s failure', async () => {
    stage.results.set('a1', () => {
      throw new InfraFault('SendMessageBatch failed');
    });
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.attempts.size).toBe(0);
    expect(visibility()).toEqual({ a1: 1 });
    expect(stage.events).toMatchObject([{ type: 'fault', reason: 'SendMessageBatch failed' }]);
  });

  it.each(['state.saveAttempt', 'note', 'queue.setVisibility'])('work although %s fails', async (call) => {
    stage.results.set('a1', { kind: 'retry', reason: '500' });
    stage.faults.set(call, 'before');
    expect(await stage.run([stage.message('a1', 'a')])).toEqual(['a1']);
    expect(stage.events.filter(({ type }) => type === 'setback')).toHaveLength(1);
  });

  it('read the attempts of redelivered messages only, and the heads of all keys', async () => {
    await stage.run([stage.message('a1', 'a'), stage.message('b1', 'b', { receiveCount: 2 })]);
    expect(stage.reads).toEqual([{ keys: ['a', 'b'], attemptsOf: ['b1'] }]);
  });
});
