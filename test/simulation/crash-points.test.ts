import { describe, expect, it } from '@jest/globals';
import { crashPoints } from './crash-points.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';
import { tell } from './pipeline/run.ts';

/** Every so many calls; `npm run simulate -- --crash-points` takes all. */
const EVERY = 97;

const named = (part: string) => {
  const plan = SCENARIOS.find(({ name }) => name.includes(part));
  if (plan === undefined) throw new Error(`no scenario is about ${part}`);
  return plan;
};

describe('a fault at a call', () => {
  it.each(SCENARIOS)('of $name', async (plan) => {
    const { points, violations } = await crashPoints(plan, EVERY, 11);
    expect(violations).toEqual([]);
    expect(points).toBeGreaterThan(3);
  });
});

describe('the scenarios are about what they say', () => {
  it.each([
    ['fan-out', { deliveries: 17, duplicates: 0 }],
    ['redrive, and', { redrives: 2 }],
    ['bad deployment', { redrives: 2, flips: 3 }],
    ['spills', { parked: 4, drained: 4 }],
    ['dead letters', { deadLetters: 2 }],
    ['native', { redrives: 2 }],
    ['longer', { redrives: 0, duplicates: 0 }],
  ])('%s', async (part, expected) => {
    expect((await tell(named(part))).totals).toMatchObject(expected);
  });

  it('the breaker degrades a stage that nothing crashes', async () => {
    const { totals } = await tell(named('breaker'));
    expect(totals).toMatchObject({ redrives: 0 });
    expect(totals.flips).toBeGreaterThan(2);
  });

  it('deduplication drops what is sent again in other batches', async () => {
    const plan = named('deduplication');
    const off = await tell({ ...plan, settings: { ...plan.settings, deduplication: false } });
    expect(off.totals.duplicates).toBeGreaterThan(0);
    expect((await tell(plan)).totals.duplicates).toBe(0);
  });
});
