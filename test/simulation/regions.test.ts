/** A region that is lost for hours, a second one, and the clients in between: what holds is checked, and what does not hold happens. */
import { describe, expect, it } from '@jest/globals';
import { NORMAL } from '../../lambdas/core/mode/record.ts';
import { health } from '../../lambdas/ingest/health.ts';
import { drawRegions, type Loss } from './regions/plan.ts';
import { LONGEST_STOP, tellRegions, type RegionsOptions, type RegionsTold } from './regions/run.ts';

const SEEDS = 12;

/** Seconds. */
const AN_HOUR = 3_600;

/** The first violation in stories in which the region is lost in this way. */
const hunt = async (loss: Loss, options: RegionsOptions, retention?: number): Promise<string | undefined> => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const plan = drawRegions(seed, retention);
    if (plan.loss !== loss) continue;
    const { violation } = await tellRegions(plan, options);
    if (violation !== undefined) return violation;
  }
  return undefined;
};

describe('a region is lost for hours, and comes back', () => {
  const stories: { readonly loss: Loss; readonly told: RegionsTold }[] = [];

  it(`in ${String(SEEDS)} stories each accepted event is delivered, in order within each region; the other region accepts`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const plan = drawRegions(seed);
      const told = await tellRegions(plan);
      if (told.violation !== undefined) throw new Error(`seed ${String(seed)}: ${told.violation}`);
      stories.push({ loss: plan.loss, told });
    }
    expect(new Set(stories.map(({ loss }) => loss))).toEqual(new Set(['dies', 'refuses']));
    const sum = (of: (told: RegionsTold) => number): number =>
      stories.reduce((total, { told }) => total + of(told), 0);
    expect(stories.map(({ told }) => told.switches)).toEqual(stories.map(() => 2));
    expect(sum(({ waited }) => waited)).toBeGreaterThan(20);
    // What docs/regions.md says does not hold.
    expect(sum(({ overtaken }) => overtaken)).toBeGreaterThan(20);
    expect(sum(({ twice }) => twice)).toBeGreaterThan(0);
    const longest = Math.max(...stories.map(({ told }) => told.longestStop));
    expect(longest).toBeGreaterThan(60_000);
    expect(longest).toBeLessThan(LONGEST_STOP);
  });

  it('follows from its seed', async () => {
    expect(await tellRegions(drawRegions(1))).toEqual(stories[0]?.told);
  });
});

describe('a planted bug is found:', () => {
  it('queues keep messages for an hour', async () => {
    expect(await hunt('dies', {}, AN_HOUR)).toMatch(/^loss: the first region has lost u\d/);
  });

  it('health checks ask /health, which is 200 while SQS refuses', async () => {
    const readMode = () => Promise.resolve(NORMAL);
    const byHealth = () => health({ readMode, onUnknown: () => undefined });
    expect(await hunt('refuses', { health: byHealth })).toMatch(/^accepting: .* after \d+\.\d minutes$/);
  });
});
