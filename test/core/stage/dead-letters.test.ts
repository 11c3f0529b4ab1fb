import { beforeEach, describe, expect, it } from '@jest/globals';
import { takeInDeadLetters } from '../../../lambdas/core/stage/dead-letters.ts';
import { inOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { drain } from '../../../lambdas/core/stage/drain.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { runTrial } from '../../../lambdas/core/stage/trial.ts';
import { DELIVERED, MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { SECOND } from '../../support/mode-settings.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const takeIn = (messages: readonly IncomingMessage[]) => takeInDeadLetters(messages, stage.deps());
const dead = (id: string, key: string) => stage.message(id, key, { receiveCount: 1_001 });

describe('the dead-letter consumer', () => {
  it('counts, parks and deletes each message, the oldest of a key first', async () => {
    expect(await takeIn([dead('a1', 'a'), dead('a2', 'a')])).toStrictEqual([]);
    expect(stage.calls).toEqual([
      'state.read',
      ...['a1', 'a2'].flatMap((id) => [
        'note redriven',
        `parking.putMessage ${id}`,
        'parking.touchHead a',
        `queue.delete ${id}`,
      ]),
    ]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.state.mode(STAGE).redrives.map(({ id }) => id)).toEqual(['a1', 'a2']);
  });

  it('lets nobody work on a key that it parks before a batch is over that has read that the key is not parked', async () => {
    const during: string[] = [];
    stage.results.set('a2', async () => {
      await takeIn([dead('a1', 'a')]);
      // Much of what a function can take: the batch has begun before it.
      stage.now += 59 * SECOND;
      await drain({ shard: shardOf('a') }, stage.deps());
      await runTrial(stage.deps());
      during.push(...processed());
      return DELIVERED;
    });
    const processed = () => stage.calls.filter((call) => call.startsWith('process'));
    await stage.run([stage.message('a2', 'a')]);
    expect(during).toEqual(['process a2']);
    stage.now += SECOND;
    await drain({ shard: shardOf('a') }, stage.deps());
    expect(processed()).toEqual(['process a2', 'process a1']);
    expect(stage.parking.keys(STAGE)).toEqual([]);
  });

  it('puts them before later messages that are already parked', async () => {
    const later = stage.message('a2', 'a');
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: 0, reason: 'r' });
    await stage.run([later]);
    await takeIn([dead('a1', 'a')]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
  });

  it('keeps what the ledger knows, with the reason', async () => {
    stage.state.attempts.set('a1', { failures: 7, lastError: '503' });
    await takeIn([dead('a1', 'a')]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({
      failures: 7,
      lastError: '503',
      crash: { kind: 'dead letter', error: expect.stringContaining('received 1001 times') as unknown },
    });
  });

  it('works in a blocked stage, and counts nothing in degraded', async () => {
    stage.setMode(STAGE, { mode: 'degraded', epoch: 1, held: true });
    expect(await takeIn([dead('a1', 'a')])).toEqual([]);
    expect(stage.parked('a')).toEqual(['a1']);
    expect(stage.state.mode(STAGE).redrives).toEqual([]);
  });

  it('degrades the stage at the threshold, and parks the rest nevertheless', async () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => dead(`${key}1`, key));
    expect(await takeIn(letters)).toEqual([]);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'degraded', epoch: 1 });
    expect(stage.parking.keys(STAGE)).toHaveLength(6);
  });

  it.each(['note', 'parking.putMessage a1', 'parking.touchHead a'])(
    'stops only the key for which %s fails',
    async (call) => {
      stage.faults.set(call, 'before');
      const kept = await takeIn([dead('a1', 'a'), dead('a2', 'a'), dead('b1', 'b')]);
      expect(kept).toEqual(call === 'note' ? ['a1', 'a2', 'b1'] : ['a1', 'a2']);
      expect(stage.queue.visibility.get('a2')).toBe(10);
      expect(stage.queue.deleted).toEqual(call === 'note' ? [] : ['b1']);
      expect(stage.parked('a')).not.toContain('a2');
    },
  );

  it('keeps in the queue only the messages after the last one that it parked', async () => {
    const letters = ['a1', 'a2', 'a3'].map((id) => dead(id, 'a'));
    stage.faults.set('parking.putMessage a2', 'before');
    expect(await takeIn(letters)).toEqual(['a2', 'a3']);
    stage.faults.clear();
    stage.faults.set('queue.delete a2', 'before');
    expect(await takeIn(letters)).toEqual(['a3']);
  });

  it('stops the key when a delete fails, and leaves the parked message to the batch response', async () => {
    stage.faults.set('queue.delete', 'before');
    expect(await takeIn([dead('a1', 'a'), dead('a2', 'a')])).toEqual(['a2']);
    expect(stage.parked('a')).toEqual(['a1']);
  });

  it('keeps everything when the state cannot be read, or no time is left', async () => {
    stage.faults.set('state.read', 'before');
    expect(await takeIn([dead('a1', 'a')])).toEqual(['a1']);
    expect(stage.queue.visibility.get('a1')).toBe(10);
    stage.faults.clear();
    stage.timeLeft = 1;
    expect(await takeIn([dead('a1', 'a')])).toEqual(['a1']);
    expect(stage.parked('a')).toEqual([]);
  });

  it('reports how much was processed since the previous redrive', async () => {
    await stage.run(['x', 'y', 'z'].map((key) => stage.message(`${key}1`, key)));
    await takeIn([dead('a1', 'a'), dead('b1', 'b')]);
    expect(stage.state.mode(STAGE).shares).toMatchObject([{ redriven: 2, processed: 3 }]);
  });

  it('marks a key that was in trouble of its own', async () => {
    stage.state.attempts.set('a1', { failures: 7, excused: 3, lastFailedAt: 1, begunAt: 2 });
    await takeIn([dead('a1', 'a'), dead('b1', 'b')]);
    const marked = (key: string) => inOwnTrouble({ reason: stage.parking.head(STAGE, key)?.reason ?? '' });
    expect(['a', 'b'].map(marked)).toEqual([true, false]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).not.toHaveProperty('begunAt');
  });

  it('throws an error of our own', async () => {
    const deps = stage.deps({ mode: { note: () => Promise.reject(new TypeError('a bug')) } });
    await expect(takeInDeadLetters([dead('a1', 'a')], deps)).rejects.toThrow('a bug');
  });
});
