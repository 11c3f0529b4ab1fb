/** What every store of seen events must do. Several tests may use one store, each with its own keys. */
import { describe, expect, it } from '@jest/globals';
import { remember, type Seen, type SeenIdsStore } from '../../lambdas/core/event/seen-ids.ts';

let keys = 0;
const newKey = (): string => `key-${++keys}`;

/** A record of this many events, each of its own message. */
const recordOf = (events: number, of = 'a'): Seen => {
  let seen: Seen = [];
  for (let i = 0; i < events; i++) {
    const message = { id: `${of}-${i}`, sentAt: 1_790_000_000_000 + i };
    const limits = { window: 60_000, maxIds: 2_000 };
    seen = remember(seen, message, [{ messageId: `${of}-event-${i}` }], limits) ?? seen;
  }
  return seen;
};

export const seenIdsStoreContract = (name: string, open: () => SeenIdsStore): void => {
  describe(name, () => {
    it('has no record of a key that was never saved', async () => {
      expect(await open().read(newKey())).toEqual([]);
    });

    it('returns the last saved record, complete', async () => {
      const [store, key] = [open(), newKey()];
      await store.save(key, recordOf(3));
      expect(await store.read(key)).toEqual(recordOf(3));
      await store.save(key, recordOf(2, 'b'));
      expect(await store.read(key)).toEqual(recordOf(2, 'b'));
    });

    it('keeps the records of keys separate', async () => {
      const [store, one, other] = [open(), newKey(), newKey()];
      await store.save(one, recordOf(1));
      await store.save(other, recordOf(1, 'b'));
      expect(await store.read(one)).toEqual(recordOf(1));
      expect(await store.read(other)).toEqual(recordOf(1, 'b'));
    });

    it('stores the longest possible record, with one message per id', async () => {
      const [store, key] = [open(), newKey()];
      const longest = recordOf(2_000);
      expect(longest).toHaveLength(2_000);
      await store.save(key, longest);
      expect(await store.read(key)).toEqual(longest);
    });
  });
};
