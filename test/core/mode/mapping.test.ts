import { describe, expect, it } from '@jest/globals';
import { reconcileMapping } from '../../../lambdas/core/mode/mapping.ts';

const normal = { mode: 'normal', held: false, spill: false } as const;
const degraded = { mode: 'degraded', held: false, spill: false } as const;
const recovering = { mode: 'recovering', held: false, spill: false } as const;
const held = { mode: 'normal', held: true, spill: false } as const;
const on = { state: 'Enabled', maximumConcurrency: 10 };
const off = { state: 'Disabled', maximumConcurrency: 10 };

describe('reconcileMapping', () => {
  it.each([
    ['normal and enabled', normal, normal, on, undefined],
    ['normal and disabled', normal, normal, off, { enabled: true, maximumConcurrency: 10 }],
    ['degraded and enabled', degraded, normal, on, { enabled: false, maximumConcurrency: 10 }],
    ['degraded and disabled', degraded, normal, off, undefined],
    ['held', held, normal, on, { enabled: false, maximumConcurrency: 10 }],
    ['blocked by the system', normal, degraded, on, { enabled: false, maximumConcurrency: 10 }],
    ['blocked by a hold of the system', normal, held, on, { enabled: false, maximumConcurrency: 10 }],
    ['recovering', recovering, normal, off, { enabled: true, maximumConcurrency: 2 }],
    [
      'normal again',
      normal,
      normal,
      { state: 'Enabled', maximumConcurrency: 2 },
      { enabled: true, maximumConcurrency: 10 },
    ],
    ['spilling', { ...degraded, spill: true }, normal, off, { enabled: true, maximumConcurrency: 10 }],
    ['spilling while the system blocks it', { ...normal, spill: true }, degraded, on, undefined],
    [
      'blocked while the system spills',
      normal,
      { ...degraded, spill: true },
      on,
      { enabled: false, maximumConcurrency: 10 },
    ],
    [
      'recovering and held',
      { ...recovering, held: true },
      normal,
      on,
      { enabled: false, maximumConcurrency: 2 },
    ],
    // While the router recovers, the destination's own mode decides.
    ['normal while the system recovers', normal, recovering, on, undefined],
    [
      'of unknown concurrency',
      normal,
      normal,
      { state: 'Enabled', maximumConcurrency: undefined },
      { enabled: true, maximumConcurrency: 10 },
    ],
  ])('a stage that is %s', (_, own, system, mapping, expected) => {
    expect(reconcileMapping(own, system, mapping, 10)).toEqual(expected);
  });

  it.each(['Enabling', 'Disabling', 'Updating', 'Creating', ''])(
    'does not update a mapping that is %s',
    (state) => {
      expect(reconcileMapping(degraded, normal, { ...on, state }, 10)).toBeUndefined();
    },
  );
});
