/** A drain worker: which keys of its shard it finds, tries and leaves. `drain.test.ts` has the drain of a key. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dueUntil, isDue } from '../../../lambdas/core/stage/drain.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import type { ParkingStore } from '../../../lambdas/core/stage/parking-port.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

/** Other keys of the shard of `a`. */
const others = Array.from({ length: 200 }, (_, i) => `k${i}`).filter((key) => shardOf(key) === shardOf('a'));

type Query = Parameters<ParkingStore['heads']>[2];
/** The index, read in pages of the given size; `queries` records the calls. */
const paged = (size: number, queries: Query[] = []): ParkingStore => {
  const { parking } = stage.deps().ports;
  const heads: ParkingStore['heads'] = (of, shard, query) => {
    queries.push(query);
    return parking.heads(of, shard, { ...query, limit: size });
  };
  return replaced(parking, { heads });
};

describe('a worker', () => {
  it('goes through all due keys of its shard, by when they are due, and leaves the others', async () => {
    const [b = '', c = ''] = others;
    await stage.parkAll('a', 'a1');
    stage.now += SECOND;
    await stage.parkAll(b, 'b1');
    stage.now += SECOND;
    await stage.parkAll(c, 'c1');
    const elsewhere = ['b', 'c', 'd'].find((key) => shardOf(key) !== shardOf('a')) ?? '';
    await stage.parkAll(elsewhere, 'x1');
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'b1', 'c1']);
    expect(stage.parking.keys(STAGE)).toEqual([elsewhere]);
  });

  it('does not try a key again before it is due, however stale the index', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    await stage.drain();
    // The index shows neither the lease nor its end.
    stage.parking.lag = () => 2;
    await stage.drain();
    expect(stage.calls.filter((call) => call.startsWith('parking.heads'))).toHaveLength(3);
    expect(stage.processed()).toEqual(['a1']);
  });

  it('takes no lease without time, and none in a blocked stage', async () => {
    await stage.parkAll('a', 'a1');
    stage.timeLeft = 1;
    await stage.drain();
    stage.timeLeft = MINUTE;
    stage.setMode(STAGE, { mode: 'degraded' });
    await stage.drain();
    expect(stage.calls.filter((call) => call.startsWith('parking.takeLease'))).toEqual([]);
    expect(stage.head()).toMatchObject({ failures: 0 });
  });

  it('finds more keys than a page of the index contains', async () => {
    for (const key of others.slice(0, 12)) await stage.parkAll(key, `${key}#1`);
    await stage.drain('a', { ports: { parking: paged(5) } });
    expect(stage.parking.keys(STAGE)).toEqual([]);
  });

  it('continues after keys that others work on, however many there are', async () => {
    const keys = others.slice(0, 12);
    const [last = ''] = keys.slice(-1);
    for (const key of keys) {
      stage.now += 1;
      await stage.parkAll(key, `${key}#1`);
      if (key === last) continue;
      const lease = {
        owner: 'x',
        now: stage.now,
        until: stage.now + MINUTE,
        nextAttemptAt: 0,
        triedEpoch: 0,
      };
      await stage.parking.takeLease(STAGE, { key, failures: 0 }, lease);
    }
    await stage.drain('a', { ports: { parking: paged(5) } });
    expect(stage.processed()).toEqual([`${last}#1`]);
  });

  it('reads the index up to now, page after page, and starts over as long as keys were due', async () => {
    for (const key of others.slice(0, 3)) await stage.parkAll(key, `${key}#1`);
    for (const key of others.slice(0, 3)) stage.results.set(`${key}#1`, { kind: 'retry', reason: '500' });
    const queries: Query[] = [];
    await stage.drain('a', { ports: { parking: paged(2, queries) } });
    const until = stage.now;
    expect(queries).toStrictEqual([
      { limit: 100, until },
      // The two keys of the first page are no longer due, so this page is after the third key, which the next round finds.
      { limit: 100, until, cursor: '2' },
      { limit: 100, until },
      { limit: 100, until },
    ]);
  });

  it('reads all of the index while keys may be due by the epoch alone, and no head of those that are not', async () => {
    const mode = {
      mode: 'recovering',
      epoch: 2,
      dueEpoch: 2,
      since: stage.now,
      windowFrom: stage.now,
    } as const;
    stage.setMode(STAGE, mode);
    const [b = ''] = others;
    for (const key of ['a', b]) {
      await stage.parkAll(key, `${key}1`);
      const lease = { owner: 'x', now: stage.now, until: 0, nextAttemptAt: stage.now + HOUR };
      // `b` was tried since the stage began to recover.
      await stage.parking.takeLease(STAGE, { key, failures: 0 }, { ...lease, triedEpoch: key === b ? 2 : 1 });
    }
    const queries: Query[] = [];
    await stage.drain('a', { ports: { parking: paged(100, queries) } });
    expect(queries[0]).toStrictEqual({ limit: 100 });
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.called('parking.readHead')).not.toContain(b);
  });

  it('ignores a drained key that a stale index still contains', async () => {
    await stage.parkAll('a', 'a1');
    await stage.drain();
    expect(stage.head()).toBeUndefined();
    stage.calls.length = 0;
    stage.parking.lag = () => 3;
    await stage.drain();
    expect(stage.called('parking.readHead')).toContain('a');
    expect(stage.called('parking.takeLease')).toEqual([]);
    expect(stage.events.filter(({ type }) => type === 'drain stopped')).toEqual([]);
  });

  it('begins as long as the remaining time is just enough', async () => {
    await stage.parkAll('a', 'a1');
    stage.timeLeft = 10 * SECOND;
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
  });

  it('ends when the stage’s own work says that its time is over', async () => {
    const [b = ''] = others;
    await stage.parkAll('a', 'a1');
    stage.now += 1;
    await stage.parkAll(b, 'b1');
    stage.results.set('a1', { kind: 'stopped' });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
  });

  it('ends with an error of our own', async () => {
    const deps = stage.deps();
    const bug = () => Promise.reject(new TypeError('a bug'));
    await expect(stage.drain('a', { mode: { readModes: bug } })).rejects.toThrow('a bug');
    const parking = replaced(deps.ports.parking, { heads: bug });
    await expect(stage.drain('a', { ports: { parking } })).rejects.toThrow('a bug');
    expect(stage.events).toEqual([]);
  });

  it('reports its successes and crashes to the mode machine while the stage recovers', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now - MINUTE });
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    await stage.drain();
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'recovering', windowFrom: stage.now });
    stage.results.clear();
    stage.now += SECOND;
    await stage.drain();
    expect(stage.state.mode(STAGE)).toMatchObject({ successes: 1 });
  });
});

describe('when a key is due', () => {
  const mode = { dueEpoch: 2, since: 5 };

  it('is when its backoff is over, or the stage has begun to recover since it was tried', () => {
    expect(isDue({ nextAttemptAt: 10, triedEpoch: 2 }, mode, 9)).toBe(false);
    expect(isDue({ nextAttemptAt: 10, triedEpoch: 2 }, mode, 10)).toBe(true);
    expect(isDue({ nextAttemptAt: 10, triedEpoch: 1 }, mode, 9)).toBe(true);
  });

  it('is also when the stage enters recovering: every head is due, without a write to each', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    for (let i = 0; i < 12; i++) {
      await stage.drain();
      stage.now = stage.head()?.nextAttemptAt ?? 0;
    }
    await stage.drain();
    stage.results.clear();
    stage.calls.length = 0;
    stage.setMode(STAGE, {
      mode: 'recovering',
      epoch: 2,
      dueEpoch: 2,
      since: stage.now,
      windowFrom: stage.now,
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.head()).toBeUndefined();
  });

  it('may need the index up to its end, but only as long as an older backoff can last', () => {
    const tried = fc.record({
      at: fc.nat(100),
      backoff: fc.nat(50),
      sinceTried: fc.nat(100),
      later: fc.nat(100),
    });
    fc.assert(
      fc.property(tried, ({ at, backoff, sinceTried, later }) => {
        const since = at + sinceTried;
        const now = since + later;
        const tried = { nextAttemptAt: at + backoff, triedEpoch: 1 };
        const until = dueUntil({ dueEpoch: 2, since }, now, 50) ?? Infinity;
        // It is due by its epoch, so it must be found.
        expect(tried.nextAttemptAt <= until).toBe(true);
      }),
    );
    expect(dueUntil({ dueEpoch: 0, since: 0 }, 9, 50)).toBe(9);
    expect(dueUntil(mode, 55, 50)).toBeUndefined();
    expect(dueUntil(mode, 56, 50)).toBe(56);
  });
});
