/**
 * What every store of modes must do, whatever its implementation: the mode machine relies on its conditional writes. Several tests
 * may use one store, each with its own stages.
 */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type ModeRecord, NORMAL, UNREADABLE } from '../../lambdas/core/mode/record.ts';
import type { ModeStore } from '../../lambdas/core/mode/ports.ts';

export interface ModesUnderTest {
  readonly store: ModeStore;
  /** Replaces a stage's stored mode by something that cannot be read. */
  readonly spoil: (stage: string) => Promise<void>;
}

let stages = 0;
export const newStage = (): string => `stage-${++stages}`;

export const modeOf = async (store: ModeStore, stage: string): Promise<ModeRecord> =>
  (await store.readModes([stage])).get(stage) ?? NORMAL;

export const degraded = (more: Partial<ModeRecord> = {}): ModeRecord => ({
  ...NORMAL,
  mode: 'degraded',
  epoch: 1,
  rev: 1,
  since: 5,
  reason: '5 messages were redriven',
  redrives: [{ id: 'm', at: 4 }],
  lastCrash: { kind: 'throw', error: 'no', codeVersion: 'v', at: 4 },
  history: [{ epoch: 1, mode: 'degraded', at: 5, reason: 'r' }],
  ...more,
});

/** Every field, with values that are easily lost: zeros, empty strings, large numbers, text of many bytes. */
export const FULL_MODE: Required<Omit<ModeRecord, 'newer'>> = {
  mode: 'recovering',
  held: true,
  epoch: 7,
  rev: 1,
  since: 1_795_390_095_123,
  troubledSince: 0,
  forwardingSince: 3,
  reason: '',
  holdReason: 'falsche Preise: 5 €',
  codeVersion: 'ca60671f8db20c41',
  pause: 3_600_000,
  pauseUntil: 1_795_390_095_456,
  windowFrom: 0,
  frozenAt: 9,
  releasedAt: 0,
  redrives: [
    { id: 'm1', at: 1 },
    { id: 'm2', at: 2 },
  ],
  shares: [{ minute: 29_923_168, redriven: 0, processed: 12 }],
  belowShareAt: 0,
  deaths: [{ id: 'm3', at: 0 }],
  probeFailures: 1,
  probeFailedAt: 0,
  failing: { since: 4, count: 20, keys: ['a', 'b'] },
  rejecting: { since: 0, count: 1 },
  doubtAt: 0,
  waitingSince: 0,
  quietSince: 0,
  waiting: { messages: 0, keys: 3, own: 0 },
  proven: false,
  troubleFrom: 0,
  attemptedAt: 0,
  progressInWindow: true,
  invoked: true,
  relapsed: true,
  code: { version: '', since: 0 },
  successes: 19,
  spill: true,
  dueEpoch: 6,
  announced: Number.MAX_SAFE_INTEGER,
  lastCrash: {
    kind: 'death',
    error: '',
    stack: 'at x\n'.repeat(300),
    codeVersion: '',
    at: 8,
    messageId: 'm2',
    key: 'k',
    eventId: '',
  },
  lastFailure: { text: '', at: 0, codeVersion: '' },
  lastRefusal: { text: 'AccessDenied: é', at: 1, codeVersion: 'v' },
  lastRejection: { text: 'answered 400', at: 2, codeVersion: 'v' },
  writes: ['', 'ca6-1'],
  history: [],
};

export const modeStoreContract = (name: string, open: () => ModesUnderTest): void => {
  describe(`${name}: the mode`, () => {
    it('reads back as it was written, field by field, without fields that it no longer has', async () => {
      const its = open();
      const stage = newStage();
      expect(await its.store.writeMode(stage, FULL_MODE, NORMAL)).toBe(true);
      expect(await modeOf(its.store, stage)).toEqual(FULL_MODE);
      expect(await its.store.writeMode(stage, { ...NORMAL, rev: 2 }, FULL_MODE)).toBe(true);
      const plain = await modeOf(its.store, stage);
      expect(plain).toEqual({ ...NORMAL, rev: 2 });
      expect(Object.keys(plain).sort()).toEqual(Object.keys(NORMAL).sort());
    });

    it('is written only if no other writer has written it', async () => {
      const its = open();
      const { store } = its;
      const [stage, other] = [newStage(), newStage()];
      expect(await store.writeMode(stage, degraded(), NORMAL)).toBe(true);
      expect(await store.writeMode(stage, degraded({ reason: 'late' }), NORMAL)).toBe(false);
      expect(await store.writeMode(stage, degraded({ rev: 2, mode: 'recovering' }), degraded())).toBe(true);
      expect(await store.writeMode(stage, degraded({ rev: 2, reason: 'late' }), degraded())).toBe(false);
      expect(await modeOf(its.store, stage)).toEqual(degraded({ rev: 2, mode: 'recovering' }));
      // An item that is not stored cannot be the one that a writer has read.
      expect(await store.writeMode(other, degraded({ rev: 8 }), degraded({ rev: 7 }))).toBe(false);
      expect(await modeOf(its.store, other)).toEqual(NORMAL);
    });

    it('is changed by one of several concurrent writers', async () => {
      const its = open();
      const stage = newStage();
      const reasons = ['p', 'q', 'r', 's', 't'];
      const race = async (rev: number, previous: ModeRecord): Promise<readonly boolean[]> =>
        Promise.all(reasons.map((reason) => its.store.writeMode(stage, degraded({ reason, rev }), previous)));
      expect((await race(1, NORMAL)).filter(Boolean)).toHaveLength(1);
      const second = await race(2, degraded());
      expect(second.filter(Boolean)).toHaveLength(1);
      expect(await modeOf(its.store, stage)).toMatchObject({ rev: 2, reason: reasons[second.indexOf(true)] });
    });

    it('loses no change if refused writers read it again', async () => {
      const its = open();
      const stage = newStage();
      const writers = ['a', 'b', 'c', 'd', 'e', 'f'];
      const append = async (id: string): Promise<void> => {
        for (;;) {
          const before = await modeOf(its.store, stage);
          const redrives = [...before.redrives, { id, at: before.rev }];
          if (await its.store.writeMode(stage, { ...before, rev: before.rev + 1, redrives }, before)) return;
        }
      };
      await Promise.all(writers.map(append));
      const { rev, redrives } = await modeOf(its.store, stage);
      expect(rev).toBe(writers.length);
      expect(redrives.map(({ at }) => at)).toEqual(writers.map((_, i) => i));
      expect(redrives.map(({ id }) => id).sort()).toEqual(writers);
    });

    it('enforces its condition for any write after any read', async () => {
      const its = open();
      const write = fc.record({ read: fc.integer({ min: 0, max: 4 }), successes: fc.nat(99) });
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 8 }), async (writes) => {
          const stage = newStage();
          let stored = NORMAL;
          for (const { read, successes } of writes) {
            const next = { ...NORMAL, successes, rev: read + 1 };
            const isCurrent = read === stored.rev;
            expect(await its.store.writeMode(stage, next, { ...NORMAL, rev: read })).toBe(isCurrent);
            if (isCurrent) stored = next;
            expect(await modeOf(its.store, stage)).toEqual(stored);
          }
        }),
        { numRuns: 25 },
      );
    });

    it('is degraded while it cannot be read, and is then replaced once, by one of several writers', async () => {
      const its = open();
      const stage = newStage();
      await its.spoil(stage);
      expect(await modeOf(its.store, stage)).toMatchObject({ mode: 'degraded', rev: -1 });
      // A writer that has read a readable item must not replace it.
      expect(await its.store.writeMode(stage, degraded(), NORMAL)).toBe(false);
      const replace = () => its.store.writeMode(stage, degraded({ mode: 'recovering' }), UNREADABLE);
      const done = await Promise.all([replace(), replace(), replace()]);
      expect(done.filter(Boolean)).toHaveLength(1);
      expect(await replace()).toBe(false);
      // From here on it changes like any other.
      const now = await modeOf(its.store, stage);
      expect(now).toMatchObject({ mode: 'recovering', epoch: 1 });
      expect(now.rev).toBeGreaterThan(0);
      const next = degraded({ rev: now.rev + 1 });
      expect(await its.store.writeMode(stage, next, now)).toBe(true);
      expect(await modeOf(its.store, stage)).toEqual(next);
    });

    it('replaces nothing when the unreadable item is gone', async () => {
      const its = open();
      const stage = newStage();
      expect(await its.store.writeMode(stage, degraded(), UNREADABLE)).toBe(false);
      expect(await modeOf(its.store, stage)).toEqual(NORMAL);
    });
  });
};
