/** Deduplication over random deaths, lost writes and late writes. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { OutgoingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Seen, SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import { MemorySeen } from '../../support/memory-seen.ts';
import { DeduplicationWorld, idsOf, packed } from './deduplication-world.ts';

/** Saves may be lost or land late, and then overwrite a newer record. */
class ShakyStore implements SeenIdsStore {
  readonly #store = new MemorySeen();
  readonly #late: (() => Promise<void>)[] = [];
  next: 'lands' | 'lost' | 'late' = 'lands';

  read(key: string): Promise<Seen> {
    return this.#store.read(key);
  }

  async save(key: string, seen: Seen): Promise<void> {
    if (this.next === 'lands') return this.#store.save(key, seen);
    if (this.next === 'late') this.#late.push(() => this.#store.save(key, seen));
    throw new InfraFault('no answer');
  }

  async landOne(): Promise<void> {
    await this.#late.shift()?.();
  }
}

const anyStep = fc.record({
  ids: fc.array(fc.constantFrom('1', '2', '3', '4', '5'), { minLength: 1, maxLength: 6 }),
  /** How each delivery of the message ends, before the one that is done. */
  deaths: fc.array(
    fc.constantFrom('before the queue has it', 'after the queue has it', 'before it is deleted'),
    {
      maxLength: 3,
    },
  ),
  save: fc.constantFrom<ShakyStore['next']>('lands', 'lands', 'lost', 'late'),
  landsLate: fc.boolean(),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Runs a scenario. @returns how often each event was sent, counting parts that SQS deduplicates once */
const timesSent = async (steps: readonly Step[]): Promise<ReadonlyMap<string, number>> => {
  const world = new DeduplicationWorld();
  const shaky = new ShakyStore();
  const queue = new Map<string, string[]>();
  for (const [i, { ids, deaths, save, landsLate }] of steps.entries()) {
    const incoming = packed(`m${i}`, ids);
    const died = new Error('the process is gone');
    for (const death of [...deaths, undefined]) {
      if (landsLate) await shaky.landOne();
      shaky.next = save;
      const send = async (outgoing: OutgoingMessage): Promise<void> => {
        await Promise.resolve();
        if (death === 'before the queue has it') throw died;
        queue.set(outgoing.deduplicationId, idsOf(outgoing));
        if (death === 'after the queue has it') throw died;
      };
      await world.run(incoming, { store: shaky, send }).catch((error: unknown) => {
        if (error !== died) throw error;
      });
    }
  }
  const times = new Map<string, number>();
  for (const id of [...queue.values()].flat()) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
};

describe('with deaths, lost writes and late writes', () => {
  const scenarios = fc.array(anyStep, { minLength: 1, maxLength: 8 });

  it('every event that was accepted is sent', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (steps) => {
        const times = await timesSent(steps);
        expect([...times.keys()].sort()).toEqual([...new Set(steps.flatMap(({ ids }) => ids))].sort());
      }),
      { numRuns: 300 },
    );
  });

  it('every event is sent once, as long as the records are written', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (steps) => {
        const times = await timesSent(steps.map((step) => ({ ...step, save: 'lands' as const })));
        expect([...times.values()].filter((n) => n > 1)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
