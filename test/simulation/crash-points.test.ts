import { describe, expect, it } from '@jest/globals';
import { crashPoints } from './crash-points.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';
import { tell } from './pipeline/run.ts';

/** Only every nth call; `npm run simulate -- --crash-points` takes all. */
const EVERY = 293;

const named = (part: string) => {
  const plan = SCENARIOS.find(({ name }) => name.includes(part));
  if (plan === undefined) throw new Error(`no scenario is about ${part}`);
  return plan;
};

describe('a fault at a call', () => {
  it.each(SCENARIOS)('of $name', async (plan) => {
    const { points, violations } = await crashPoints(plan, { every: EVERY, offset: 11 });
    expect(violations).toEqual([]);
    expect(points).toBeGreaterThan(3);
  });
});

describe('each scenario contains what its name says', () => {
  it.each([
    ['fan-out', { deliveries: 17, duplicates: 0 }],
    ['redrive, and', { redrives: 2 }],
    ['bad deployment', { redrives: 2, flips: 3 }],
    ['two poisons', { redrives: 2, flips: 3, duplicates: 0 }],
    ['spills', { parked: 4, drained: 4 }],
    ['dead letters', { deadLetters: 2 }],
    ['native', { redrives: 2 }],
    ['longer', { redrives: 0, duplicates: 0 }],
  ])('%s', async (part, expected) => {
    expect((await tell(named(part))).totals).toMatchObject(expected);
  });

  it('the breaker degrades a stage without a crash', async () => {
    const { totals } = await tell(named('breaker'));
    expect(totals).toMatchObject({ redrives: 0 });
    expect(totals.flips).toBeGreaterThan(2);
  });

  it('deduplication drops events that are sent again in other batches', async () => {
    const plan = named('deduplication');
    const off = await tell({ ...plan, settings: { ...plan.settings, deduplication: false } });
    expect(off.totals.duplicates).toBeGreaterThan(0);
    expect((await tell(plan)).totals.duplicates).toBe(0);
  });
});
