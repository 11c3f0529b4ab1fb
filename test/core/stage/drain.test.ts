import { beforeEach, describe, expect, it } from '@jest/globals';
import { takeInDeadLetters } from '../../../lambdas/core/stage/dead-letters.ts';
import { drain } from '../../../lambdas/core/stage/drain.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

describe('draining a key', () => {
  it('processes its messages, the oldest first, each deleted before the next; then the key is free', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    await stage.drain();
    const steps = stage.calls.filter((call) => !/^(parking.heads|modes)/.test(call));
    expect(steps.map((call) => call.replace(/(uuid-|drain:|[EA]#).*/, '').trim())).toEqual([
      'parking.readHead a',
      'parking.takeLease a',
      'parking.readHead a',
      'parking.page a',
      ...['a1', 'a2'].flatMap((id, i) => [
        `process ${id}`,
        ...(i === 0 ? ['parking.resetFailures a'] : []),
        'parking.deleteMessage a',
        ...(i === 0 ? ['state.saveProgress'] : []),
      ]),
      'parking.deleteHead a',
    ]);
    expect(stage.head()).toBeUndefined();
    expect(stage.parking.size).toBe(0);
    expect(stage.events).toEqual([{ type: 'drained', key: 'a', messages: 2, emptied: true }]);
  });

  it('looks at the mode and the remaining time before each message; the mode is read once a second', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a1', () => {
      stage.setMode('router', { held: true });
      stage.now += SECOND - 1;
      return DELIVERED;
    });
    stage.results.set('a2', () => {
      stage.now += 1;
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a2']);
    expect(stage.called('modes.readStored')).toHaveLength(3);
    expect(stage.head()).toMatchObject({ failures: 0, nextAttemptAt: stage.now });
    expect(stage.head()?.leaseOwner).toBeUndefined();
    expect(stage.events).toEqual([{ type: 'drained', key: 'a', messages: 2, emptied: false }]);
  });

  it('takes back its charge when it stops for time, before a message or in the middle of one', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', () => {
      stage.timeLeft = 1;
      return { kind: 'stopped', progress: { events: 2 } };
    });
    await stage.drain();
    expect(stage.head()).toMatchObject({ failures: 0, nextAttemptAt: stage.now });
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.progress?.events).toBe(2);
    stage.timeLeft = MINUTE;
    stage.results.set('a1', () => {
      stage.timeLeft = 1;
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a1']);
    expect(stage.head()).toMatchObject({ failures: 0, nextAttemptAt: stage.now });
  });

  it('continues with what the ledger and earlier drains know of the message', async () => {
    const attempt = { failures: 2, progress: { events: 3, done: 'first' } };
    stage.state.attempts.set('a1', attempt);
    await stage.parking.touchHead(STAGE, 'a', { token: 't0', now: stage.now, reason: 'poison' });
    await stage.run([stage.message('a1', 'a', { receiveCount: 2, body: 'the body' })]);
    const seen: unknown[] = [];
    await stage.drain('a', {
      ports: {
        process: async (message, processing) => {
          seen.push([message.id, message.groupId, message.body, processing.attempt]);
          return Promise.resolve({ kind: 'done' });
        },
      },
    });
    expect(seen).toEqual([['a1', 'a', 'the body', attempt]]);
  });

  it('does not lose a message that is appended during the last query', async () => {
    await stage.parkAll('a', 'a1');
    const { parking } = stage.deps().ports;
    let appended = false;
    const page: typeof parking.page = async (...args) => {
      const found = await stage.parking.page(...args);
      if (!appended) await stage.run([stage.message('a2', 'a')]);
      appended = true;
      return found;
    };
    const spied = replaced(parking, { page });
    await drain({ shard: shardOf('a') }, stage.deps({ ports: { parking: spied } }));
    expect(stage.processed()).toEqual(['a1', 'a2']);
    expect(stage.head()).toBeUndefined();
  });

  it('reads a page at a time, each from the first message on: what comes in before the others is not left behind', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `a${String(i + 10)}`);
    await stage.parkAll('a', ...ids);
    stage.results.set('a40', async () => {
      await takeInDeadLetters([stage.message('dead', 'a')], stage.deps());
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual([...ids.slice(0, 50), 'dead', ...ids.slice(50)]);
    expect(stage.called('parking.page')).toHaveLength(3);
    expect(stage.head()).toBeUndefined();
    expect(stage.parking.size).toBe(0);
  });

  it('of a key that failed reads one message, and a page when that one is done', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a1', crash);
    await stage.drain();
    stage.results.delete('a1');
    stage.now += MINUTE;
    const limits: number[] = [];
    const page: typeof stage.parking.page = (of, key, limit) => {
      limits.push(limit);
      return stage.parking.page(of, key, limit);
    };
    await stage.drain('a', { ports: { parking: replaced(stage.deps().ports.parking, { page }) } });
    expect(limits).toEqual([1, 25]);
    expect(stage.processed()).toEqual(['a1', 'a1', 'a2', 'a3']);
  });
});

describe('workers that share a shard', () => {
  it('drain each a part of its keys, and together all of them', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `key${String(i)}`).filter(
      (key) => shardOf(key) === shardOf('a'),
    );
    for (const key of keys) await stage.parkAll(key, `${key}-1`);
    const drained: string[][] = [];
    for (const part of [0, 1, 2]) {
      stage.calls.length = 0;
      await drain({ shard: shardOf('a'), part, parts: 3 }, stage.deps());
      drained.push(stage.processed());
    }
    expect(drained.flat().sort()).toEqual(keys.map((key) => `${key}-1`).sort());
    expect(drained.every((own) => own.length > 0)).toBe(true);
  });
});

describe('a failed drain', () => {
  it('because of a crash keeps the record and the order, increases the backoff, and is no redrive', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', crash);
    for (const failures of [1, 2, 3]) {
      await stage.drain();
      // Jitter may take half.
      const backoff = (SECOND / 2) * 2 ** (failures - 1);
      expect(stage.head()).toMatchObject({ failures, nextAttemptAt: stage.now + backoff });
      expect(stage.head()?.leaseOwner).toBeUndefined();
      stage.now += backoff;
    }
    expect(stage.processed()).toEqual(['a1', 'a1', 'a1']);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash).toMatchObject({ kind: 'throw' });
    expect(new Set(stage.called('note'))).toEqual(new Set(['crashed']));
    expect(stage.events).toMatchObject(
      Array.from({ length: 3 }, () => ({ type: 'drain failed', why: 'crash' })),
    );
  });

  it('because of a retryable failure counts for the breaker, and respects Retry-After', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', { kind: 'retry', reason: '503', retryAfter: 2 * MINUTE });
    await stage.drain();
    expect(stage.head()).toMatchObject({ failures: 1, nextAttemptAt: stage.now + 2 * MINUTE });
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 1, lastError: '503' });
    expect(stage.state.mode(STAGE).failing).toEqual({ since: stage.now, count: 1, keys: ['a'] });
  });

  it.each([
    'parking.readHead',
    'parking.page',
    'parking.deleteMessage',
    'modes.readStored',
    'parking.resetFailures',
  ])(
    'because of %s ends the worker and gives the lease back; nothing is lost, and the rest is drained later in order',
    async (call) => {
      await stage.parkAll('a', 'a1', 'a2');
      const take = stage.parking.takeLease.bind(stage.parking);
      stage.parking.takeLease = async (...args) => {
        stage.faults.set(call, 'after');
        return take(...args);
      };
      await stage.drain();
      expect(stage.events.at(-1)).toMatchObject({ type: 'drain stopped' });
      expect(stage.head()?.leaseOwner).toBeUndefined();
      stage.faults.clear();
      stage.parking.takeLease = take;
      stage.now += MINUTE;
      await stage.drain();
      expect([...new Set(stage.processed())]).toEqual(['a1', 'a2']);
      expect(stage.parking.size).toBe(0);
    },
  );

  it('that cannot give the lease back has its key wait until the lease ends', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    stage.faults.set('parking.releaseLease', 'before');
    await stage.drain();
    expect(stage.events.at(-1)).toMatchObject({ type: 'setback', step: 'lease' });
    stage.faults.clear();
    stage.results.clear();
    stage.now += 69 * SECOND;
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
    stage.now += SECOND;
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a1']);
  });
});
