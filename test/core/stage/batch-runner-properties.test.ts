/** Batches of any messages, with any outcomes and faults. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome, Process } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { crash } from '../../support/drain-stage.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';

describe('any outcomes and faults', () => {
  const outcome = fc.constantFrom<Outcome | 'crash' | 'infra'>(
    { kind: 'done' },
    { kind: 'stopped' },
    { kind: 'retry', reason: 'x' },
    { kind: 'fault', reason: 'x' },
    { kind: 'refused', reason: 'x' },
    { kind: 'crash', crash: { kind: 'exit', error: 'x' } },
    'crash',
    'infra',
  );
  const spec = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    outcome,
    receiveCount: fc.integer({ min: 1, max: 3 }),
    charges: fc.integer({ min: 0, max: 3 }),
  });
  const call = fc.constantFrom(
    ...['queue.delete', 'queue.setVisibility', 'state.saveAttempt', 'parking.putMessage'],
    ...['parking.touchHead', 'parking.hasMessage', 'modes.readStored', 'note', 'state.saveProgress'],
  );
  const faults = fc.array(fc.tuple(call, fc.constantFrom('before' as const, 'after' as const)), {
    maxLength: 3,
  });

  it('each message is done, parked or kept; the kept messages of a key are its last; none of them was deleted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spec, { maxLength: 10 }), faults, async (specs, broken) => {
        const stage = new MemoryStage();
        for (const [name, fault] of broken) stage.faults.set(name, fault);
        const batch: IncomingMessage[] = specs.map(({ key, receiveCount, charges }, i) => {
          if (receiveCount > 1) stage.state.attempts.set(String(i), { failures: 0, charges, stamp: '0:v1' });
          return stage.message(String(i), key, { receiveCount });
        });
        const done = new Set<string>();
        const process: Process = async ({ id }) => {
          await Promise.resolve();
          const result = specs[Number(id)]?.outcome ?? 'crash';
          if (result === 'crash') return crash();
          if (result === 'infra') throw new InfraFault('x');
          if (result.kind === 'done') done.add(id);
          return result;
        };
        const kept = await stage.run(batch, { ports: { process } });
        const keys = ['a', 'b', 'c'];
        const parked = keys.flatMap((key) => stage.parked(key));
        for (const { id } of batch) expect([...done, ...parked, ...kept]).toContain(id);
        for (const key of keys) {
          const marks = batch.filter(({ groupId }) => groupId === key).map(({ id }) => kept.includes(id));
          expect(marks).toEqual([...marks].sort());
        }
        expect(stage.queue.deleted.filter((id) => kept.includes(id))).toEqual([]);
        // A message that the queue no longer has is done, or parked under a head.
        for (const { id, groupId } of batch.filter((message) => !kept.includes(message.id)))
          if (!done.has(id)) expect(stage.parking.head(STAGE, groupId)).toBeDefined();
      }),
    );
  });
});
