/**
 * What every parking store must do, whatever it is made of: `PARKING.md`'s protocol stands on these single writes.
 * A store may be used by several tests, each of which has a stage of its own.
 */
import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MAX_MESSAGE_BYTES } from '../../lambdas/core/limits.ts';
import { shardOf } from '../../lambdas/core/parking.ts';
import {
  HEAD_SHARDS,
  type Lease,
  type ParkedMessage,
  type ParkingStore,
} from '../../lambdas/core/parking-port.ts';

const arrived = (sequence: number): string => `E#${String(sequence).padStart(39, '0')}`;
const deadLetter = (sentAt: number): string => `A#${String(sentAt).padStart(15, '0')}#${'0'.repeat(39)}`;

const parked = (sort: string, more: Partial<ParkedMessage> = {}): ParkedMessage => ({
  sort,
  id: `id of ${sort}`,
  groupId: 'u',
  body: '{"v":1}',
  sequenceNumber: '7',
  sentAt: 1_000,
  parkedAt: 2_000,
  ...more,
});

const lease = (owner: string, more: Partial<Lease> = {}): Lease => ({
  owner,
  now: 10_000,
  until: 50_000,
  nextAttemptAt: 20_000,
  triedEpoch: 3,
  ...more,
});

let stages = 0;
const newStage = (): string => `stage-${++stages}`;

export const parkingStoreContract = (name: string, open: () => ParkingStore): void => {
  describe(`${name}: messages`, () => {
    it('gives back what was parked, in the order of the sort keys, dead letters first, the head left out', async () => {
      const [store, stage] = [open(), newStage()];
      const attempt = {
        failures: 2,
        progress: { events: 1, done: 'p9vCBeAgulBG4mkB' },
        crash: { kind: 'throw', error: 'Error: no', stack: 'at x', codeVersion: 'v', at: 5 },
      } as const;
      const sorts = [arrived(1_000), arrived(9), deadLetter(5), arrived(10)];
      for (const sort of sorts) await store.putMessage(stage, parked(sort, { attempt, body: `é ${sort}` }));
      await store.touchHead(stage, 'u', { token: 't', now: 1, reason: 'r' });
      const expected = [deadLetter(5), arrived(9), arrived(10), arrived(1_000)];
      const found = await store.oldest(stage, 'u', 10);
      expect(found).toEqual(expected.map((sort) => parked(sort, { attempt, body: `é ${sort}` })));
      expect((await store.oldest(stage, 'u', 2)).map(({ sort }) => sort)).toEqual(expected.slice(0, 2));
    });

    it('keeps the messages of each key and of each stage apart', async () => {
      const [store, stage, other] = [open(), newStage(), newStage()];
      await store.putMessage(stage, parked(arrived(1), { groupId: 'a' }));
      await store.putMessage(stage, parked(arrived(2), { groupId: 'a#b' }));
      expect((await store.oldest(stage, 'a', 9)).map(({ sort }) => sort)).toEqual([arrived(1)]);
      expect((await store.oldest(stage, 'a#b', 9)).map(({ sort }) => sort)).toEqual([arrived(2)]);
      expect(await store.oldest(other, 'a', 9)).toEqual([]);
      expect(await store.hasMessage(stage, 'a', arrived(1))).toBe(true);
      expect(await store.hasMessage(stage, 'a', arrived(2))).toBe(false);
      expect(await store.hasMessage(other, 'a', arrived(1))).toBe(false);
    });

    it('changes nothing when a message is parked again, for it may have come further since', async () => {
      const [store, stage] = [open(), newStage()];
      const further = parked(arrived(1), { attempt: { failures: 4 } });
      await store.putMessage(stage, parked(arrived(1)));
      await store.saveMessage(stage, further);
      await store.putMessage(stage, parked(arrived(1), { parkedAt: 9_999 }));
      expect(await store.oldest(stage, 'u', 9)).toEqual([further]);
    });

    it('does not bring a message back that is saved after it was deleted', async () => {
      const [store, stage] = [open(), newStage()];
      for (let round = 0; round < 5; round++) {
        const message = parked(arrived(round));
        await store.putMessage(stage, message);
        await Promise.all([
          store.saveMessage(stage, { ...message, parkedAt: 3 }),
          store.deleteMessage(stage, 'u', message.sort),
        ]);
        expect(await store.hasMessage(stage, 'u', message.sort)).toBe(false);
      }
      await store.deleteMessage(stage, 'u', arrived(1));
    });

    it('holds messages of the largest size with all that is known of them, more than one answer of DynamoDB', async () => {
      const [store, stage] = [open(), newStage()];
      // Random text, which hardly gets smaller.
      const body = randomBytes(MAX_MESSAGE_BYTES * 0.75).toString('base64');
      const crash = {
        kind: 'throw',
        error: 'no',
        stack: 'at x\n'.repeat(1_600),
        codeVersion: 'v',
        at: 1,
      } as const;
      // Of 5,000 outputs, the most that can be made of an event.
      const progress = { events: 999, done: randomBytes(60_000).toString('base64url') };
      const messages = Array.from({ length: 8 }, (_, i) =>
        parked(arrived(i), { body, attempt: { failures: 1, progress, crash } }),
      );
      for (const message of messages) await store.putMessage(stage, message);
      const found = await store.oldest(stage, 'u', 10);
      expect(found.map(({ sort }) => sort)).toEqual(messages.map(({ sort }) => sort));
      expect(found.every((message) => message.body === body)).toBe(true);
      expect(await store.countMessages(stage, 'u', 100)).toBe(8);
    });

    it('counts up to about a limit', async () => {
      const [store, stage] = [open(), newStage()];
      expect(await store.countMessages(stage, 'u', 10)).toBe(0);
      for (let i = 0; i < 7; i++) await store.putMessage(stage, parked(arrived(i)));
      await store.touchHead(stage, 'u', { token: 't', now: 1, reason: 'r' });
      expect(await store.countMessages(stage, 'u', 10)).toBe(7);
      const few = await store.countMessages(stage, 'u', 3);
      expect(few).toBeGreaterThanOrEqual(3);
      expect(few).toBeLessThanOrEqual(7);
    });
  });

  describe(`${name}: heads`, () => {
    const first = { token: 't1', now: 1_000, reason: 'crashed' };

    it('makes a head that is due at once, and then changes nothing of it but the token', async () => {
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

    it('lends a head to one at a time, and only as it was read', async () => {
      const [store, stage] = [open(), newStage()];
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(false);
      expect(await store.readHead(stage, 'u')).toBeUndefined();
      await store.touchHead(stage, 'u', first);
      expect(await store.takeLease(stage, { key: 'u', failures: 1 }, lease('a'))).toBe(false);
      expect(await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'))).toBe(true);
      const head = { key: 'u', failures: 1 };
      expect(await store.takeLease(stage, head, lease('b', { now: 49_999, until: 90_000 }))).toBe(false);
      expect(await store.readHead(stage, 'u')).toMatchObject({ leaseOwner: 'a', failures: 1 });
      // The first one's process has died.
      expect(await store.takeLease(stage, head, lease('b', { now: 50_000, until: 90_000 }))).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({
        leaseOwner: 'b',
        failures: 2,
        leaseUntil: 90_000,
      });
      expect(await store.releaseLease(stage, 'u', 'a', { failures: 0 })).toBe(false);
      expect(await store.resetFailures(stage, 'u', 'a')).toBe(false);
      expect(await store.readHead(stage, 'u')).toMatchObject({ leaseOwner: 'b', failures: 2 });
    });

    it('lets one of several win that want it at the same time', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      const owners = ['a', 'b', 'c', 'd', 'e', 'f'];
      const won = await Promise.all(
        owners.map((owner) => store.takeLease(stage, { key: 'u', failures: 0 }, lease(owner))),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await store.readHead(stage, 'u'))?.leaseOwner).toBe(owners[won.indexOf(true)]);
    });

    it('takes a head back, with what its user found out', async () => {
      const [store, stage] = [open(), newStage()];
      await store.touchHead(stage, 'u', first);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('a'));
      expect(await store.resetFailures(stage, 'u', 'a')).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ failures: 0, leaseOwner: 'a' });
      expect(await store.releaseLease(stage, 'u', 'a')).toBe(true);
      const free = await store.readHead(stage, 'u');
      expect(free).toMatchObject({ failures: 0, nextAttemptAt: 20_000 });
      expect(free).not.toHaveProperty('leaseOwner');
      expect(free).not.toHaveProperty('leaseUntil');
      expect(await store.releaseLease(stage, 'u', 'a')).toBe(false);
      await store.takeLease(stage, { key: 'u', failures: 0 }, lease('b'));
      expect(await store.releaseLease(stage, 'u', 'b', { failures: 5, nextAttemptAt: 7 })).toBe(true);
      expect(await store.readHead(stage, 'u')).toMatchObject({ failures: 5, nextAttemptAt: 7 });
      // A head that is not there is not made by giving it back.
      expect(await store.releaseLease(stage, 'nobody', 'b', { failures: 5 })).toBe(false);
      expect(await store.resetFailures(stage, 'nobody', 'b')).toBe(false);
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

    it('finds the heads of a shard by when they are due, page by page', async () => {
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

    it('moves a head in the index when it is tried, and takes it out when it is deleted', async () => {
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
