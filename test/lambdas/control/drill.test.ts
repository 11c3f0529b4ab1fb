/** The days since the last drill, as control writes them. */
import { describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import type { MetricDatum } from '../../../lambdas/control/ports.ts';
import { QuietMetrics } from '../../../lambdas/control/quiet-metrics.ts';
import { MemoryCanary } from '../../support/memory-canary.ts';
import { World } from './world.ts';

const DAY = 24 * 3_600_000;
const newWorld = () => {
  const world = new World();
  const store = new MemoryCanary();
  const called: MetricDatum[] = [];
  const logged: MetricDatum[] = [];
  const into = (list: MetricDatum[]) => ({
    put: (data: readonly MetricDatum[]) => {
      list.push(...data);
      return Promise.resolve();
    },
  });
  const metrics = new QuietMetrics(into(called), into(logged), () => world.now);
  const deps = { ...world.deps, metrics, canary: { writeKey: 'key', store } };
  const drills = (list: readonly MetricDatum[]) =>
    list.filter(({ name }) => name === 'DaysSinceDrill').map(({ value }) => value);
  return {
    world,
    ask: (event: object) => control(event, deps),
    written: async () => {
      called.length = 0;
      logged.length = 0;
      await control({ source: 'aws.events' }, deps);
      return { called: drills(called), logged: drills(logged) };
    },
  };
};

describe('days since the last drill', () => {
  it('are not written before the first one', async () => {
    expect(await newWorld().written()).toEqual({ called: [], logged: [] });
  });

  it('are in the log of each minute after it, and cost no call', async () => {
    const { world, ask, written } = newWorld();
    expect(await ask({ command: 'canary-set', drilled: true })).toMatchObject({
      ok: true,
      result: { drilledAt: world.now },
    });
    expect(await written()).toEqual({ called: [], logged: [0] });
    world.now += 3 * DAY;
    expect(await written()).toEqual({ called: [], logged: [3] });
    await ask({ command: 'canary-set', drilled: true });
    expect(await written()).toEqual({ called: [], logged: [0] });
  });
});
