/** A mapping and its stage, in every combination. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isBlocked } from '../../../lambdas/core/mode/record.ts';
import type { ModeName } from '../../../contract/modes.ts';
import { reconcileMapping, type MappingState } from '../../../lambdas/core/mode/mapping.ts';

const mode = fc.record({
  mode: fc.constantFrom<ModeName[]>('normal', 'degraded', 'recovering'),
  held: fc.boolean(),
  spill: fc.boolean(),
});
const configured = fc.integer({ min: 2, max: 1_000 });
const mapping: fc.Arbitrary<MappingState> = fc.record({
  state: fc.constantFrom('Enabled', 'Disabled', 'Enabling', 'Disabling', 'Updating', 'Creating', 'Deleting'),
  maximumConcurrency: fc.oneof(fc.constant(undefined), fc.constant(2), fc.integer({ min: 2, max: 1_000 })),
});
const isSettled = ({ state }: MappingState) => state === 'Enabled' || state === 'Disabled';

test('the requested update is complete: once it is made, no other is requested', () => {
  fc.assert(
    fc.property(mode, mode, mapping, configured, (own, system, before, limit) => {
      const change = reconcileMapping(own, system, before, limit);
      if (change === undefined) return;
      const { enabled, maximumConcurrency } = change;
      const after = { state: enabled ? 'Enabled' : 'Disabled', maximumConcurrency };
      expect(after).not.toEqual(before);
      expect(reconcileMapping(own, system, after, limit)).toBeUndefined();
    }),
  );
});

test('a settled mapping ends in the state that the modes require; one in transition is left unchanged', () => {
  fc.assert(
    fc.property(mode, mode, mapping, configured, (own, system, before, limit) => {
      const change = reconcileMapping(own, system, before, limit);
      if (!isSettled(before)) {
        expect(change).toBeUndefined();
        return;
      }
      const isEnabled = change?.enabled ?? before.state === 'Enabled';
      const concurrency = change === undefined ? before.maximumConcurrency : change.maximumConcurrency;
      expect(isEnabled).toBe(own.spill || !isBlocked([own, system]));
      expect(concurrency).toBe(own.mode === 'recovering' ? 2 : limit);
    }),
  );
});
