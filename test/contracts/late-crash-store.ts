/** What every store of late crashes must do. A store may be used by several tests, each of which has stages of its own. */
import { describe, expect, it } from '@jest/globals';
import type { Crash, LateCrashes } from '../../contract/modes.ts';
import type { LateCrashStore } from '../../lambdas/core/mode/ports.ts';

export interface LateCrashesUnderTest {
  readonly store: LateCrashStore;
  /** The store's current time; milliseconds since 1970. Whole seconds, because an expiry is one. */
  readonly clock: { now: number };
}

let stages = 0;
const newStage = (): string => `late-${++stages}`;

const DAY = 24 * 3_600_000;
const WEEK = 7 * DAY;

const FULL: Crash = {
  kind: 'late',
  error: 'Error: é',
  stack: 'at x\n'.repeat(1_600),
  codeVersion: 'v',
  at: 1_790_000_000_123,
  messageId: 'm1',
  eventId: 'order #1 / é',
  key: 'u',
};
const SMALL: Crash = { kind: 'late', error: '', codeVersion: '', at: 0 };

export const lateCrashStoreContract = (name: string, open: () => LateCrashesUnderTest): void => {
  const read = async (store: LateCrashStore, stage: string): Promise<LateCrashes | undefined> =>
    (await store.readLateCrashes([stage])).get(stage);

  describe(`${name}: late crashes`, () => {
    it('are counted from the first, and the last one is kept as a whole', async () => {
      const { store, clock } = open();
      const stage = newStage();
      expect(await read(store, stage)).toBeUndefined();
      const since = clock.now;
      await store.addLateCrashes(stage, { count: 2, last: FULL });
      expect(await read(store, stage)).toEqual({ count: 2, since, last: FULL });
      clock.now += DAY;
      await store.addLateCrashes(stage, { count: 3, last: SMALL });
      const after = await read(store, stage);
      expect(after).toEqual({ count: 5, since, last: SMALL });
      // Nothing of the previous one remains.
      expect(Object.keys(after?.last ?? {}).sort()).toEqual(Object.keys(SMALL).sort());
    });

    it('are kept separately by stage, and returned for the stages that have any', async () => {
      const { store, clock } = open();
      const [one, other, none] = [newStage(), newStage(), newStage()];
      await store.addLateCrashes(one, { count: 1, last: FULL });
      await store.addLateCrashes(other, { count: 7, last: SMALL });
      const found = await store.readLateCrashes([none, other, one, other]);
      const late = { count: 7, since: clock.now, last: SMALL };
      expect(found).toEqual(
        new Map([
          [other, late],
          [one, { count: 1, since: clock.now, last: FULL }],
        ]),
      );
      expect(await store.readLateCrashes([])).toEqual(new Map());
    });

    it('are forgotten a week after the last addition, and then counted from the start', async () => {
      const { store, clock } = open();
      const stage = newStage();
      const since = clock.now;
      await store.addLateCrashes(stage, { count: 1, last: FULL });
      clock.now += WEEK - 1_000;
      expect(await read(store, stage)).toEqual({ count: 1, since, last: FULL });
      // An addition keeps the record for another week.
      await store.addLateCrashes(stage, { count: 1, last: FULL });
      clock.now += WEEK - 1_000;
      expect(await read(store, stage)).toEqual({ count: 2, since, last: FULL });
      clock.now += 1_000;
      expect(await read(store, stage)).toBeUndefined();
      await store.addLateCrashes(stage, { count: 4, last: SMALL });
      expect(await read(store, stage)).toEqual({ count: 4, since: clock.now, last: SMALL });
      await store.addLateCrashes(stage, { count: 1, last: SMALL });
      expect(await read(store, stage)).toMatchObject({ count: 5 });
    });

    it('are all counted when several functions add at the same time, also to a record that has expired', async () => {
      const { store, clock } = open();
      const stage = newStage();
      const addFour = () =>
        Promise.all([1, 2, 3, 4].map((count) => store.addLateCrashes(stage, { count, last: FULL })));
      await addFour();
      expect(await read(store, stage)).toMatchObject({ count: 10 });
      clock.now += WEEK;
      await addFour();
      expect(await read(store, stage)).toMatchObject({ count: 10, since: clock.now });
    });

    it('are copies: changing what was added or read does not change what is stored', async () => {
      const { store } = open();
      const stage = newStage();
      const last = structuredClone(FULL);
      await store.addLateCrashes(stage, { count: 1, last });
      Reflect.set(last, 'error', 'tampered');
      Reflect.set((await read(store, stage))?.last ?? {}, 'error', 'tampered');
      expect(await read(store, stage)).toMatchObject({ last: FULL });
    });
  });
};
