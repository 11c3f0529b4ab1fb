/**
 * What every parking store must do, whatever its implementation: the protocol of `docs/parking.md` relies on these single writes.
 * Several tests may use one store, each with its own stage.
 */
import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MAX_MESSAGE_BYTES } from '../../lambdas/core/base/limits.ts';
import type { ParkingStore } from '../../lambdas/core/stage/parking-port.ts';
import { parkingHeadsContract } from './parking-heads.ts';
import { arrived, deadLetter, newStage, parked } from './parking-items.ts';

export const parkingStoreContract = (name: string, open: () => ParkingStore): void => {
  describe(`${name}: messages`, () => {
    it('returns parked messages in the order of the sort keys, dead letters first, without the head', async () => {
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
      const behind = async (sort: string, limit: number) =>
        (await store.oldest(stage, 'u', limit, sort)).map((message) => message.sort);
      expect(await behind(arrived(9), 1)).toEqual([arrived(10)]);
      expect(await behind(arrived(9), 5)).toEqual([arrived(10), arrived(1_000)]);
      await store.deleteMessage(stage, 'u', arrived(9));
      expect(await behind(arrived(9), 5)).toEqual([arrived(10), arrived(1_000)]);
      expect(await behind(arrived(1_000), 5)).toEqual([]);
    });

    it('keeps the messages of each key and of each stage separate', async () => {
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

    it('changes nothing when a message is parked again, because it may have made progress since', async () => {
      const [store, stage] = [open(), newStage()];
      const further = parked(arrived(1), { attempt: { failures: 4 } });
      await store.putMessage(stage, parked(arrived(1)));
      await store.saveAttempt(stage, parked(arrived(1)), { failures: 4 });
      await store.putMessage(stage, parked(arrived(1), { parkedAt: 9_999 }));
      expect(await store.oldest(stage, 'u', 9)).toEqual([further]);
    });

    it('keeps of a late attempt nothing when an operator has taken events out of its message since it was read', async () => {
      const [store, stage] = [open(), newStage()];
      const read = parked(arrived(1), { body: '3 events' });
      await store.putMessage(stage, read);
      await store.saveMessage(stage, { ...read, body: '2 events' });
      await store.saveAttempt(stage, read, { failures: 1, progress: { events: 2 } });
      const [left] = await store.oldest(stage, 'u', 1);
      expect(left).toEqual({ ...read, body: '2 events', edition: 1 });
      await store.saveAttempt(stage, left ?? read, { failures: 2 });
      expect(await store.oldest(stage, 'u', 1)).toEqual([{ ...left, attempt: { failures: 2 } }]);
      await store.saveMessage(stage, { ...read, ...left, body: '1 event' });
      expect(await store.oldest(stage, 'u', 1)).toMatchObject([{ body: '1 event', edition: 2 }]);
      await store.deleteMessage(stage, 'u', read.sort);
      await store.saveAttempt(stage, { ...read, edition: 2 }, { failures: 3 });
      expect(await store.hasMessage(stage, 'u', read.sort)).toBe(false);
    });

    it('returns a page of the oldest, and says that there are no others only when there are none', async () => {
      const [store, stage] = [open(), newStage()];
      expect(await store.page(stage, 'u', 3)).toEqual({ messages: [], more: false });
      const messages = [1, 2, 3, 4].map((n) => parked(arrived(n)));
      for (const message of messages) await store.putMessage(stage, message);
      await store.touchHead(stage, 'u', { token: 't', now: 1, reason: 'r' });
      expect(await store.page(stage, 'u', 3)).toEqual({ messages: messages.slice(0, 3), more: true });
      expect(await store.page(stage, 'u', 9)).toEqual({ messages, more: false });
    });

    it('does not restore a message that is saved after it was deleted', async () => {
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

    it('returns messages of the largest size with all that is known of them, more than fit one answer of DynamoDB', async () => {
      const [store, stage] = [open(), newStage()];
      // Random text, which hardly compresses.
      const body = randomBytes(MAX_MESSAGE_BYTES * 0.75).toString('base64');
      const crash = {
        kind: 'throw',
        error: 'no',
        stack: 'at x\n'.repeat(1_600),
        codeVersion: 'v',
        at: 1,
      } as const;
      // Of 5,000 outputs, the maximum for an event.
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

    it('counts messages up to about a limit', async () => {
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

  parkingHeadsContract(name, open);
};
