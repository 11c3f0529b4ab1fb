/** What every parking store must do with the heads of keys: the second part of the contract. */
import { describe, expect, it } from '@jest/globals';
import { shardOf } from '../../lambdas/core/stage/parking.ts';
import { HEAD_SHARDS, type ParkingStore } from '../../lambdas/core/stage/parking-port.ts';
import { lease, newStage } from './parking-items.ts';

export const parkingHeadsContract = (name: string, open: () => ParkingStore): void => {
  describe(`${name}: heads`, () => {
    const first = { token: 't1', now: 1_000, reason: 'crashed' };

    it('creates a head that is due immediately, and then changes only its token', async () => {
      const [store, stage] = [open(), newStage()];
      expect(await store.readHead(stage, 'u')).toBeUndefined();
      await store.touchHead(stage, 'u', first);
      const made = {
        key: 'u',
        token: 't1',
        nextAttemptAt: 1_000,
        failures: 0,
        reason: 'crashed',
        parkedAt: 1_000,
        triedEpoch: -1,
      };
      expect(await store.readHead(stage, 'u')).toEqual(made);
      expect(await store.takeLease(stage, made, lease('a'))).toBe(true);
      await store.touchHead(stage, 'u', { token: 't2', now: 9_000, reason: 'another' });
      expect(await store.readHead(stage, 'u')).toEqual({
        ...made,
        token: 't2',
        failures: 1,
        nextAttemptAt: 20_000,
        triedEpoch: 3,
        leaseOwner: 'a',
        leaseUntil: 50_000,
      });
    });

    it('creates a head with a lease if one is given, and leaves another alone', async () => {
      const [store, stage] = [open(), newStage()];
      const rest = { owner: 'rest:1', until: 50_000 };
      await store.touchHead(stage, 'u', { ...first, lease: rest });
      const leased = { leaseOwner: 'rest:1', leaseUntil: 50_000, failures: 0, nextAttemptAt: 1_000 };
      expect(await store.readHead(stage, 'u')).toMatchObject(leased);
      const head = { key: 'u', failures: 0 };
      expect(await store.takeLease(stage, head, lease('a', { now: 49_999 }))).toBe(false);
      expect(await store.takeLease(stage, head, lease('a', { now: 50_000, until: 90_000 }))).toBe(true);
      await store.touchHead(stage, 'u', { ...first, token: 't2', lease: rest });
      const taken = { token: 't2', leaseOwner: 'a', leaseUntil: 90_000 };
      expect(await store.readHead(stage, 'u')).toMatchObject(taken);
    });

    it('gives one lease on a head at a time, and only if the head is as it was read', async () => {
      const [store, stage] = [open(), newStage()];
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(false);
      expect(await store.readHead(stage, 'u')).toBeUndefined();
      await store.touchHead(stage, 'u', first);
      expect(await store.takeLease(stage, { key: 'u', failures: 1 }, lease('a'))).toBe(false);
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(true);
      const head = { key: 'u', failures: 1 };
      expect(await store.takeLease(stage, head, lease('b', { now: 49_999, until: 90_000 }))).toBe(false);
      expect(await store.readHead(stage, 'u')).toMatchObject({ leaseOwner: 'a', failures: 1 });
      // The first worker's process has died.
      expect(await store.takeLease(stage, head, lease('b', { now: 50_000, until: 90_000 }))).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({
        leaseOwner: 'b',
        failures: 2,
        leaseUntil: 90_000,
      });
      expect(await store.releaseLease(stage, 'u', 'a', { failures: 0 })).toBe(false);
      expect(await store.resetFailures(stage, 'u', 'a', { nextAttemptAt: 8 })).toBe(false);
      expect(await store.readHead(stage, 'u')).toMatchObject({ leaseOwner: 'b', failures: 2 });
    });

    it('counts no failure for a trial, which takes and returns a lease like a drain', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      const trial = { ...lease('t'), isTrial: true };
      expect(await store.takeLease(stage, { key: 'u', failures: 1 }, trial)).toBe(false);
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, trial)).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ leaseOwner: 't', failures: 0, triedEpoch: 3 });
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(false);
      expect(await store.releaseLease(stage, 'u', 't', { failures: 0, nextAttemptAt: 9 })).toBe(true);
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(true);
    });

    it('takes the reason why its key is parked from the owner of the lease only', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
      expect(await store.setReason(stage, 'u', 'b', 'x')).toBe(false);
      expect(await store.readHead(stage, 'u')).toMatchObject({ reason: 'crashed' });
      expect(await store.setReason(stage, 'u', 'a', 'it alone: crashed')).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ reason: 'it alone: crashed', failures: 1 });
      const { heads } = await store.heads(stage, shardOf('u'), { limit: 5 });
      expect(heads).toMatchObject([{ key: 'u', reason: 'it alone: crashed' }]);
      expect(await store.resetFailures(stage, 'u', 'b', { nextAttemptAt: 8, reason: 'x' })).toBe(false);
      expect(await store.resetFailures(stage, 'u', 'a', { nextAttemptAt: 8, reason: 'crashed' })).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({
        reason: 'crashed',
        failures: 0,
        nextAttemptAt: 8,
        leaseOwner: 'a',
      });
      expect(await store.setReason(stage, 'nobody', 'a', 'x')).toBe(false);
      expect(await store.readHead(stage, 'nobody')).toBeUndefined();
    });

    it('lets one of several concurrent workers take it', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      const owners = ['a', 'b', 'c', 'd', 'e', 'f'];
      const won = await Promise.all(
        owners.map((owner) => store.takeLease(stage, { key: 'u', failures: 0 }, lease(owner))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.readHead(stage, 'u'))?.leaseOwner).toBe(owners[won.indexOf(true)]);
    });

    it('takes a lease back, with what the worker recorded', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
      expect(await store.resetFailures(stage, 'u', 'a', { nextAttemptAt: 25_000 })).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ failures: 0, leaseOwner: 'a' });
      expect(await store.releaseLease(stage, 'u', 'a')).toBe(true);
      const free = await store.readHead(stage, 'u');
      expect(free).toMatchObject({ failures: 0, nextAttemptAt: 25_000 });
      expect(free).not.toHaveProperty('leaseOwner');
      expect(free).not.toHaveProperty('leaseUntil');
      expect(await store.releaseLease(stage, 'u', 'a')).toBe(false);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('b'));
      expect(await store.releaseLease(stage, 'u', 'b', { failures: 5, nextAttemptAt: 7 })).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ failures: 5, nextAttemptAt: 7 });
      // Giving back a lease does not create a missing head.
      expect(await store.releaseLease(stage, 'nobody', 'b', { failures: 5 })).toBe(false);
      expect(await store.resetFailures(stage, 'nobody', 'b', { nextAttemptAt: 8 })).toBe(false);
      expect(await store.readHead(stage, 'nobody')).toBeUndefined();
    });

    it('deletes a head only for the owner of its lease, and only if nothing was appended', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      expect(await store.deleteHead(stage, 'u', 't1', 'a')).toBe(false);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
      expect(await store.deleteHead(stage, 'u', 't1', 'b')).toBe(false);
      expect(await store.deleteHead(stage, 'u', 'other', 'a')).toBe(false);
      expect(await store.deleteHead(stage, 'u', 't1', 'a')).toBe(true);
      expect(await store.readHead(stage, 'u')).toBeUndefined();
      expect(await store.deleteHead(stage, 'u', 't1', 'a')).toBe(false);
    });

    it('never loses an append to a deletion at the same time', async () => {
      const store = open();
      for (let round = 0; round < 10; round++) {
        const stage = newStage();
        await store.touchHead(stage, 'u', first);
        await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
        const append = () => store.touchHead(stage, 'u', { token: 't2', now: 2, reason: 'r' });
        const end = () => store.deleteHead(stage, 'u', 't1', 'a');
        const [x, y] = round % 2 === 0 ? [append, end] : [end, append];
        await Promise.all([x(), y()]);
        expect(await store.readHead(stage, 'u')).toMatchObject({ token: 't2' });
      }
    });

    it('lists the heads of a shard by the time when they are due, page by page', async () => {
      const [store, stage, other] = [open(), newStage(), newStage()];
      const keys = Array.from({ length: 200 }, (_, i) => `user-${i}`)
        .filter((key) => shardOf(key) === 3)
        .slice(0, 5);
      for (const [i, key] of keys.entries())
        await store.touchHead(stage, key, { token: key, now: 5_000 - i, reason: `why ${i}` });
      await store.touchHead(other, keys[0] ?? '', first);
      const elsewhere = Array.from({ length: 50 }, (_, i) => `else-${i}`).find((key) => shardOf(key) !== 3);
      await store.touchHead(stage, elsewhere ?? '', first);

      const due = [...keys].reverse();
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.heads(stage, 3, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.heads.length).toBeLessThanOrEqual(2);
        found.push(...page.heads.map(({ key }) => key));
        ({ cursor } = { cursor: undefined, ...page });
      } while (cursor !== undefined);
      expect(found).toEqual(due);

      const until = await store.heads(stage, 3, { until: 4_997, limit: 10 });
      expect(until).toEqual({
        heads: due.slice(0, 2).map((key) => ({
          key,
          nextAttemptAt: 5_000 - keys.indexOf(key),
          parkedAt: 5_000 - keys.indexOf(key),
          failures: 0,
          reason: `why ${keys.indexOf(key)}`,
          triedEpoch: -1,
        })),
      });
    });

    it('moves a head in the index when it is tried, and removes it when it is deleted', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      const list = async () => (await store.heads(stage, shardOf('u'), { limit: 10 })).heads;
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
      expect(await list()).toMatchObject([{ key: 'u', nextAttemptAt: 20_000, failures: 1, triedEpoch: 3 }]);
      await store.deleteHead(stage, 'u', 't1', 'a');
      expect(await list()).toEqual([]);
      for (let shard = 0; shard < HEAD_SHARDS; shard++)
        expect((await store.heads(stage, shard, { limit: 1 })).heads).toEqual([]);
    });
  });
};
