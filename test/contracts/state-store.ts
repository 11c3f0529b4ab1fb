/**
 * What every store of a batch's state must do, whatever its implementation. Several tests may use one store, each with its own
 * stages; they share the router's mode.
 */
import { describe, expect, it } from '@jest/globals';
import { NORMAL } from '../../lambdas/core/mode/record.ts';
import type { ParkingStore } from '../../lambdas/core/stage/parking-port.ts';
import type { Attempt, StateStore } from '../../lambdas/core/stage/ports.ts';
import {
  degraded,
  FULL_MODE,
  modeOf,
  modeStoreContract,
  newStage,
  type ModesUnderTest,
} from './mode-store.ts';

export interface StateUnderTest extends ModesUnderTest {
  readonly store: ModesUnderTest['store'] & StateStore;
  /** Creates the heads that mark keys as parked. */
  readonly parking: Pick<ParkingStore, 'touchHead' | 'takeLease' | 'deleteHead'>;
}

const ATTEMPT: Attempt = {
  failures: 2,
  firstFailedAt: 0,
  lastFailedAt: 0,
  excused: 0,
  begunAt: 0,
  trial: { epoch: 0, at: 0 },
  lastError: 'answered 503: é',
  progress: { events: 1, done: 'p9vCBeAgulBG4mkB' },
  charges: 0,
  stamp: '0:v',
  crash: { kind: 'throw', error: 'no', stack: 'at x\n'.repeat(1_600), codeVersion: 'v', at: 4 },
};

/** Changes every mutable part of a value, as a careless reader or writer would. */
const tamper = (value: object): void => {
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === 'object' && field !== null) tamper(field as object);
    // A store may also return frozen objects.
    Reflect.set(value, name, 'tampered');
  }
};

export const stateStoreContract = (name: string, open: () => StateUnderTest): void => {
  modeStoreContract(name, open);

  describe(`${name}: the state of a batch`, () => {
    it('is normal, without parked keys and attempts, while nothing is stored', async () => {
      const { store } = open();
      const { own, parked, attempts } = await store.read(newStage(), { keys: ['u'], attemptsOf: ['m1'] });
      expect({ own, parked, attempts }).toEqual({ own: NORMAL, parked: new Set(), attempts: new Map() });
    });

    it('has the stage’s mode and the router’s, which is the system’s', async () => {
      const { store } = open();
      const stage = newStage();
      const before = await modeOf(store, 'router');
      const system = degraded({ held: true, rev: before.rev + 1 });
      expect(await store.writeMode('router', system, before)).toBe(true);
      const own = degraded({ mode: 'recovering' });
      expect(await store.writeMode(stage, own, NORMAL)).toBe(true);
      expect(await store.read(stage, { keys: [], attemptsOf: [] })).toMatchObject({ own, system });
      // The router's own mode is the system's.
      expect(await store.read('router', { keys: [], attemptsOf: [] })).toMatchObject({ own: system, system });
      const other = newStage();
      const records = new Map([
        ['router', system],
        [stage, own],
        [other, NORMAL],
      ]);
      expect(await store.readModes(['router', stage, other, stage])).toEqual(records);
      expect(await store.readModes([])).toEqual(new Map());
    });

    it('lists the requested keys that are parked, as long as they have a head', async () => {
      const { store, parking } = open();
      const [stage, other] = [newStage(), newStage()];
      const touch = (of: string, key: string) =>
        parking.touchHead(of, key, { token: 't', now: 1, reason: 'r' });
      await touch(stage, 'a');
      await touch(stage, 'not asked for');
      await touch(other, 'b');
      const parked = async () =>
        (await store.read(stage, { keys: ['a', 'b', 'a', 'c'], attemptsOf: [] })).parked;
      expect(await parked()).toEqual(new Set(['a']));
      const lease = { owner: 'o', now: 1, until: 9, nextAttemptAt: 9, triedEpoch: 0 };
      await parking.takeLease(stage, { key: 'a', failures: 0 }, lease);
      expect(await parked()).toEqual(new Set(['a']));
      await parking.deleteHead(stage, 'a', 't', 'o');
      expect(await parked()).toEqual(new Set());
    });

    it('contains the requested attempts that exist, as they were saved', async () => {
      const { store } = open();
      const stage = newStage();
      const [one, two] = [`${stage}-m1`, `${stage}-m2`];
      await store.saveAttempt(stage, one, ATTEMPT);
      await store.saveAttempt(stage, two, { failures: 0 });
      const attempts = async (of: string, ids: readonly string[]) =>
        (await store.read(of, { keys: [], attemptsOf: ids })).attempts;
      expect(await attempts(stage, [one, `${stage}-m3`])).toEqual(new Map([[one, ATTEMPT]]));
      expect(await attempts(stage, [two, two])).toEqual(new Map([[two, { failures: 0 }]]));
      // Each stage has its own ledger.
      expect((await attempts(newStage(), [one, two])).size).toBe(0);
    });

    it('replaces an attempt completely: fields that are not saved again are gone', async () => {
      const { store } = open();
      const stage = newStage();
      const id = `${stage}-m1`;
      await store.saveAttempt(stage, id, ATTEMPT);
      await store.saveAttempt(stage, id, { failures: 0, charges: 1, stamp: '1:v' });
      const { attempts } = await store.read(stage, { keys: [], attemptsOf: [id] });
      expect([...attempts]).toEqual([[id, { failures: 0, charges: 1, stamp: '1:v' }]]);
      expect(Object.keys(attempts.get(id) ?? {}).sort()).toEqual(['charges', 'failures', 'stamp']);
    });

    it('stores the names of the maximum number of outputs of an event', async () => {
      const { store } = open();
      const stage = newStage();
      const id = `${stage}-m1`;
      const progress = { events: 999, done: 'p9vCBeAgulBG4mkB'.repeat(5_000) };
      await store.saveAttempt(stage, id, { ...ATTEMPT, progress });
      const { attempts } = await store.read(stage, { keys: [], attemptsOf: [id] });
      expect(attempts.get(id)).toEqual({ ...ATTEMPT, progress });
    });

    it('is complete for the largest batch and more: an item that was not read does not count as absent', async () => {
      const { store, parking } = open();
      const stage = newStage();
      const numbers = Array.from({ length: 45 }, (_, i) => i);
      const keys = numbers.map((i) => `key #${i} / é`);
      const ids = numbers.map((i) => `${stage}-${i}`);
      // Together more than fit one answer of DynamoDB, with missing items in between.
      const crash = {
        kind: 'throw',
        error: 'no',
        stack: 'x'.repeat(8_000),
        codeVersion: 'v',
        at: 1,
      } as const;
      for (const i of numbers.filter((n) => n % 3 !== 0)) {
        await parking.touchHead(stage, keys[i] ?? '', { token: 't', now: i, reason: 'r' });
        await store.saveAttempt(stage, ids[i] ?? '', { failures: i, crash });
      }
      const { parked, attempts } = await store.read(stage, { keys, attemptsOf: ids });
      expect(parked).toEqual(new Set(keys.filter((_, i) => i % 3 !== 0)));
      expect([...attempts.keys()].sort()).toEqual(ids.filter((_, i) => i % 3 !== 0).sort());
      expect([...attempts].every(([id, { failures }]) => id === ids[failures])).toBe(true);
    });

    it('is a copy: changing what was written or read does not change what is stored', async () => {
      const { store } = open();
      const stage = newStage();
      const id = `${stage}-m1`;
      const [attempt, mode] = [structuredClone(ATTEMPT), structuredClone(FULL_MODE)];
      await store.saveAttempt(stage, id, attempt);
      await store.writeMode(stage, mode, NORMAL);
      const read = () => store.read(stage, { keys: [], attemptsOf: [id] });
      tamper(attempt);
      tamper(mode);
      const first = await read();
      tamper(first.own);
      tamper(first.attempts.get(id) ?? {});
      tamper(await modeOf(store, stage));
      const { own, attempts } = await read();
      expect({ own, attempts }).toEqual({ own: FULL_MODE, attempts: new Map([[id, ATTEMPT]]) });
    });
  });

  describe(`${name}: the progress`, () => {
    const progressOf = async ({ store }: StateUnderTest, stage: string) => {
      const { progress } = await store.readStored(stage, 'router');
      expect((await store.read(stage, { keys: [], attemptsOf: [] })).progress).toEqual(progress);
      return progress;
    };

    it('is empty for a stage that never made any', async () => {
      expect(await progressOf(open(), newStage())).toEqual({});
    });

    it('has the latest time of each field, for each stage, in whatever order they were saved', async () => {
      const its = open();
      const [stage, other] = [newStage(), newStage()];
      await its.store.saveProgress(stage, { deliveredAt: 1_795_390_095_123 });
      await its.store.saveProgress(other, { filteredAt: 0 });
      expect(await progressOf(its, stage)).toEqual({ deliveredAt: 1_795_390_095_123 });
      expect(await progressOf(its, other)).toEqual({ filteredAt: 0 });
      await its.store.saveProgress(stage, { filteredAt: 8 });
      expect(await progressOf(its, stage)).toEqual({ deliveredAt: 1_795_390_095_123, filteredAt: 8 });
      await its.store.saveProgress(stage, { deliveredAt: 7, filteredAt: 9 });
      await its.store.saveProgress(stage, {});
      expect(await progressOf(its, stage)).toEqual({ deliveredAt: 1_795_390_095_123, filteredAt: 9 });
    });

    it('is kept separately from the mode: writing one does not change the other', async () => {
      const its = open();
      const stage = newStage();
      await its.store.saveProgress(stage, { deliveredAt: 5 });
      expect(await modeOf(its.store, stage)).toEqual(NORMAL);
      expect(await its.store.writeMode(stage, degraded(), NORMAL)).toBe(true);
      await its.store.saveProgress(stage, { deliveredAt: 6 });
      expect(await modeOf(its.store, stage)).toEqual(degraded());
      expect(await progressOf(its, stage)).toEqual({ deliveredAt: 6 });
    });

    it('is read together with the modes, in one call', async () => {
      const { store } = open();
      const stage = newStage();
      await store.writeMode(stage, degraded(), NORMAL);
      const system = await modeOf(store, 'router');
      const progress = { deliveredAt: 3 };
      await store.saveProgress(stage, progress);
      expect(await store.readStored(stage, 'router')).toEqual({ own: degraded(), system, progress });
      expect(await store.readStored('router', 'router')).toMatchObject({ own: system, system });
    });
  });
};
