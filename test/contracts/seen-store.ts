/** What every store of seen events must do. A store may be used by several tests, each of which has keys of its own. */
import { describe, expect, it } from '@jest/globals';
import { remember, type Seen, type SeenStore } from '../../lambdas/core/event/seen-ids.ts';

let keys = 0;
const newKey = (): string => `key-${++keys}`;

/** A record of so many events, of as many messages. */
const recordOf = (events: number, of = 'a'): Seen => {
  let seen: Seen = [];
  for (let i = 0; i < events; i++) {
    const message = { id: `${of}-${i}`, sentAt: 1_790_000_000_000 + i };
    const limits = { window: 60_000, maxIds: 2_000 };
    seen = remember(seen, message, [{ messageId: `${of}-event-${i}` }], limits) ?? seen;
  }
  return seen;
};

export const seenStoreContract = (name: string, open: () => SeenStore): void => {
  describe(name, () => {
    it('has nothing of a key of which nothing was saved', async () => {
      expect(await open().read(newKey())).toEqual([]);
    });

    it('gives back what was saved last, whole', async () => {
      const [store, key] = [open(), newKey()];
      await store.save(key, recordOf(3));
      expect(await store.read(key)).toEqual(recordOf(3));
      await store.save(key, recordOf(2, 'b'));
      expect(await store.read(key)).toEqual(recordOf(2, 'b'));
    });

    it('keeps keys apart', async () => {
      const [store, one, other] = [open(), newKey(), newKey()];
      await store.save(one, recordOf(1));
      await store.save(other, recordOf(1, 'b'));
      expect(await store.read(one)).toEqual(recordOf(1));
      expect(await store.read(other)).toEqual(recordOf(1, 'b'));
    });

    it('holds the longest record that there may be: as many messages as ids', async () => {
      const [store, key] = [open(), newKey()];
      const longest = recordOf(2_000);
      expect(longest).toHaveLength(2_000);
      await store.save(key, longest);
      expect(await store.read(key)).toEqual(longest);
    });
  });
};
