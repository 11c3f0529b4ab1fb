/** Which messages a trial tries, in which order, and how many. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { MAX_RECEIVES } from '../../../lambdas/core/stage/parking.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';
import { EPOCH, TrialStage } from '../../support/trial-stage.ts';

let stage: TrialStage;
beforeEach(() => {
  stage = new TrialStage();
});

const retry: Outcome = { kind: 'retry', reason: '503' };
const KEYS = Array.from({ length: 15 }, (_, i) => String.fromCodePoint(97 + i));
const failAll = (suffix = '1') => {
  for (const key of KEYS) stage.results.set(`${key}${suffix}`, retry);
};
const tried = (epoch: number, at: number) => ({ failures: 1, trial: { epoch, at } });

describe('a trial tries', () => {
  it('one message each of up to ten keys', async () => {
    failAll();
    for (const key of KEYS) stage.waiting(`${key}1`, `${key}2`);
    await stage.trial();
    expect(stage.processed()).toHaveLength(10);
    expect(new Set(stage.processed().map((id) => id.slice(0, 1))).size).toBe(10);
    expect(stage.queue.visibility.size).toBe(2 * KEYS.length);
  });

  it('the next ten the next time: with n keys, each waits at most n / 10 minutes', async () => {
    failAll();
    const messages = KEYS.map((key) => stage.message(`${key}1`, key, { receiveCount: 2 }));
    for (let minute = 0; minute < 3; minute++) {
      stage.queue.waiting.push(messages.slice(0, 10), messages.slice(10));
      stage.now += MINUTE;
      await stage.trial();
    }
    const all = stage.processed();
    expect(new Set(all.slice(0, 15)).size).toBe(15);
    // Then those whose trial is longest ago.
    expect(all.slice(15, 25)).toEqual(all.slice(0, 10));
  });

  it('first those that were not tried since the stage was degraded, the longest waiting before the others', async () => {
    failAll();
    const at = stage.now - SECOND;
    stage.redelivered('a1', tried(EPOCH, at));
    stage.redelivered('b1', tried(EPOCH, at - SECOND));
    stage.redelivered('c1', tried(EPOCH - 2, at));
    stage.now += SECOND;
    stage.redelivered('d1', { failures: 3 });
    stage.waiting('e1');
    await stage.trial();
    expect(stage.processed()).toEqual(['c1', 'd1', 'e1', 'b1', 'a1']);
  });

  it('parked keys and keys of the queue equally', async () => {
    failAll();
    await stage.park('a', 'a1');
    stage.now += SECOND;
    await stage.park('b', 'b1');
    stage.now += SECOND;
    stage.waiting('c1');
    stage.redelivered('d1', tried(EPOCH, stage.now));
    stage.redelivered('e1', tried(EPOCH, stage.now + 9));
    stage.now += 5;
    await stage.trial();
    expect(stage.processed()).toEqual(['a1', 'b1', 'c1', 'd1', 'e1']);
    stage.calls.length = 0;
    stage.now += MINUTE;
    stage.redelivered('e1', tried(EPOCH, stage.now - MINUTE - 1));
    await stage.trial();
    expect(stage.processed()).toEqual(['e1', 'a1', 'b1']);
  });

  it('no key of the queue that is parked, because its parked message comes first', async () => {
    failAll();
    await stage.park('a', 'a1');
    stage.waiting('a2');
    await stage.trial();
    expect(stage.processed()).toEqual(['a1']);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ a2: 0 });
  });

  it('no such key, by a read of the heads after the messages were received', async () => {
    stage.waiting('a1');
    const { queue } = stage.deps().ports;
    const receive = async () => {
      await stage.parking.touchHead(STAGE, 'a', { token: 't', now: stage.now, reason: 'r' });
      return stage.queue.receive();
    };
    await stage.trial({ ports: { queue: replaced(queue, { receive }) } });
    expect(stage.processed()).toEqual([]);
  });

  it('no parked key that another worker has, and none that is free by now', async () => {
    await stage.park('a', 'a1');
    await stage.park('b', 'b1');
    stage.parking.lag = () => 2;
    const { now } = stage;
    const lease = { owner: 'drain:x', now, until: now + MINUTE, nextAttemptAt: now, triedEpoch: 1 };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    await stage.parking.takeLease(STAGE, { key: 'b', failures: 0 }, lease);
    const head = stage.head('b');
    await stage.parking.deleteHead(STAGE, 'b', head?.token ?? '', 'drain:x');
    await stage.trial();
    expect(stage.processed()).toEqual([]);
    expect(stage.head()).toMatchObject({ leaseOwner: 'drain:x' });
  });

  it('nothing for a head without messages, which it deletes as the drain does', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: stage.now, reason: 'r' });
    await stage.trial();
    expect(stage.head()).toBeUndefined();
    expect(stage.called('note')).toEqual([]);
  });
});

describe('a trial receives', () => {
  const received = async (give: () => string[]) => {
    let calls = 0;
    failAll();
    const { queue } = stage.deps().ports;
    const receive = () => {
      calls += 1;
      return Promise.resolve(give().map((id) => stage.message(id, id)));
    };
    await stage.trial({ ports: { queue: replaced(queue, { receive }) } });
    return calls;
  };

  it('until the queue is empty', async () => {
    const ids = [['a1', 'b1'], ['c1'], []];
    expect(await received(() => ids.shift() ?? [])).toBe(3);
  });

  it('40 times at most', async () => {
    let id = 0;
    expect(await received(() => [`m${(id += 1)}`])).toBe(40);
  });

  it('for a third of its time at most', async () => {
    let id = 0;
    const calls = await received(() => {
      stage.timeLeft -= 5 * SECOND;
      return [`m${(id += 1)}`];
    });
    expect(calls).toBe(4);
  });

  it('that many keys, and reads their heads in parts: a read has at most 100 items', async () => {
    const ids = Array.from({ length: 90 }, (_, i) => `m${i}`);
    await received(() => ids.splice(0, 10));
    const reads = stage.reads as { keys: string[]; attemptsOf: string[] }[];
    expect(reads.map(({ keys }) => keys.length)).toEqual([40, 40, 10]);
  });
});

describe('a message that was received 500 times', () => {
  it('is parked by a trial, uncounted and with its attempt record; its key is not tried from the queue', async () => {
    failAll();
    const known = { failures: 7, progress: { events: 2 } };
    const message = stage.redelivered('a1', known, MAX_RECEIVES);
    stage.queue.waiting[0] = [message, stage.message('a2', 'a')];
    stage.redelivered('b1', undefined, MAX_RECEIVES - 1);
    await stage.trial();
    expect(stage.processed()).toEqual(['b1']);
    expect(stage.parking.messages(STAGE, 'a')).toMatchObject([{ id: 'a1', attempt: known }]);
    expect(stage.head()?.reason).toContain('500');
    expect(stage.queue.deleted).toEqual(['a1']);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ a2: 0, b1: 0 });
    expect(stage.called('note')).toEqual([]);
    expect(stage.events).toContainEqual(expect.objectContaining({ type: 'parked', counted: false }));
  });

  it('is parked behind the parked messages of its key', async () => {
    failAll();
    await stage.park('a', 'a1');
    stage.redelivered('a2', undefined, MAX_RECEIVES);
    await stage.trial();
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.head()?.reason).toBe('poison');
  });

  it('that cannot be deleted stays, and is redelivered', async () => {
    stage.redelivered('a1', undefined, MAX_RECEIVES);
    stage.faults.set('queue.delete', 'before');
    await stage.trial();
    expect(stage.parked('a')).toEqual(['a1']);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ a1: 0 });
  });
});
