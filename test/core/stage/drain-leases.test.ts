/** The lease under which a key is drained. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Head } from '../../../lambdas/core/stage/parking-port.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

/** Another worker takes the lease of `a`. @param failures that its head has */
const takeOver = async (failures: number): Promise<void> => {
  const times = { now: stage.now, until: stage.now + MINUTE, nextAttemptAt: 0 };
  const lease = { owner: 'x', ...times, triedEpoch: 0 };
  expect(await stage.parking.takeLease(STAGE, { key: 'a', failures }, lease)).toBe(true);
};

describe('leases', () => {
  it('keep a second worker from a key while the first works on it, even when an append has touched the head', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', async () => {
      await stage.run([stage.message('a3', 'a')]);
      stage.now += 30 * SECOND;
      await stage.drain();
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a2', 'a3']);
  });

  it('stop a worker that lost its lease before a message from starting it', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    const { parking } = stage.deps().ports;
    const resetFailures = async (...args: Parameters<typeof parking.resetFailures>) => {
      const isReset = await parking.resetFailures(...args);
      stage.now += 71 * SECOND;
      await takeOver(0);
      return isReset;
    };
    await stage.drain('a', { ports: { parking: replaced(parking, { resetFailures }) } });
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.head()).toMatchObject({ leaseOwner: 'x', failures: 1 });
    expect(stage.events).toEqual([{ type: 'drained', key: 'a', messages: 1, emptied: false }]);
  });

  it('stop a worker in the middle of a page that lost it while a message was in progress: it looks once a second', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a2', async () => {
      await stage.parking.releaseLease(STAGE, 'a', stage.head()?.leaseOwner ?? '');
      stage.now += SECOND;
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a2']);
  });

  it('are due again as after a first failure once a message got through, if the process dies then', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    // It has failed often: the next failure would make it wait for long.
    const { parking } = stage.deps().ports;
    const before = { now: stage.now, until: stage.now + 1, nextAttemptAt: stage.now, triedEpoch: 0 };
    for (let failures = 0; failures < 12; failures += 1) {
      await parking.takeLease(STAGE, { key: 'a', failures }, { ...before, owner: 'x' });
      await parking.releaseLease(STAGE, 'a', 'x');
    }
    const heads: (Head | undefined)[] = [];
    const deleteMessage: typeof parking.deleteMessage = (...args) => {
      heads.push(stage.head());
      return parking.deleteMessage(...args);
    };
    stage.results.set('a1', () => {
      heads.push(stage.head());
      return DELIVERED;
    });
    await stage.drain('a', { ports: { parking: replaced(parking, { deleteMessage }) } });
    const waits = heads.map((head) => (head?.nextAttemptAt ?? 0) - stage.now);
    expect(heads[0]).toMatchObject({ failures: 13 });
    expect(waits[0]).toBeGreaterThan(10 * MINUTE);
    // Before the first deletion: nothing would say so afterwards.
    expect(heads[1]).toMatchObject({ failures: 0 });
    expect(waits[1]).toBeLessThanOrEqual(2 * SECOND);
  });

  it('stop a worker that has less of it left than a message can take', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', () => {
      stage.now += 60 * SECOND;
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.head()).toMatchObject({ failures: 0 });
    expect(stage.head()).not.toHaveProperty('leaseOwner');
  });

  it('stop a worker that lost its lease', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', async () => {
      stage.now += 71 * SECOND;
      await takeOver(1);
      return DELIVERED;
    });
    await stage.drain();
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.head()).toMatchObject({ leaseOwner: 'x' });
  });

  it('are charged before the attempt, so that a death backs off automatically', async () => {
    await stage.parkAll('a', 'a1');
    let charged: Head | undefined;
    stage.results.set('a1', () => {
      charged = stage.head();
      return DELIVERED;
    });
    await stage.drain();
    expect(charged).toMatchObject({
      failures: 1,
      leaseUntil: stage.now + 70 * SECOND,
      nextAttemptAt: stage.now + SECOND / 2,
      triedEpoch: 0,
    });
  });
});
