import { describe, expect, it } from '@jest/globals';
import type { World } from './world.ts';
import { scenario, type ScenarioOptions } from './scenario.ts';

/** Runs stories one after another (a seed that goes wrong can be run alone: `runAll(seed, 1, ...)`), and stops at the first that goes wrong. @returns what they went through */
const runAll = async (first: number, count: number, options: ScenarioOptions) => {
  const totals = { deliveries: 0, duplicates: 0, redriven: 0, deadLetters: 0, parked: 0, flips: 0 };
  for (let seed = first; seed < first + count; seed++) {
    const { world, run } = scenario(seed, options);
    const wrong = await run();
    if (wrong !== undefined) throw new Error(wrong);
    totals.deliveries += world.audit.deliveries;
    totals.duplicates += world.audit.duplicates;
    totals.redriven += world.audit.redriven;
    totals.deadLetters += world.audit.deadLetters;
    totals.parked += world.audit.parked;
    totals.flips += world.state.mode('crm').epoch;
  }
  return totals;
};

/** The stories are about something. */
const expectMany = (...counts: readonly number[]): void => {
  expect(Math.min(...counts)).toBeGreaterThan(20);
};

describe('nothing is lost, nothing overtakes, and everything is delivered after the fix', () => {
  it('with poison, bad code and a destination in trouble', async () => {
    const { redriven, parked, flips } = await runAll(1, 40, { mishaps: false });
    expectMany(redriven, parked, flips);
  });

  it('with processes that die and AWS failing at any call besides', async () => {
    const { redriven, parked, flips, duplicates } = await runAll(1_001, 40, { mishaps: true });
    expectMany(redriven, parked, flips, duplicates);
  });

  it('with a stage that is held for so long that SQS would delete what waits', async () => {
    const { parked } = await runAll(2_001, 12, { mishaps: true, spill: true });
    expectMany(parked);
  });
});

describe('the simulation sees', () => {
  /** @returns the first thing that goes wrong in some stories */
  const firstWrong = async (sabotage: (world: World) => void): Promise<string> => {
    for (let seed = 1; seed <= 40; seed++) {
      const { world, run } = scenario(seed, { mishaps: false });
      sabotage(world);
      const wrong = await run();
      if (wrong !== undefined) return wrong;
    }
    return 'nothing';
  };

  it('a message that overtakes a parked one', async () => {
    const wrong = await firstWrong(({ state }) => {
      const read = state.read.bind(state);
      state.read = async (...args) => ({ ...(await read(...args)), parked: new Set() });
    });
    expect(wrong).toMatch(/^seed \d+: k\d:\d+ is delivered after k\d:-?\d+\n/);
    // What led to it.
    expect(wrong.split('\n').length).toBeGreaterThan(20);
  });

  it('two workers on one key', async () => {
    const wrong = await firstWrong(({ parking }) => {
      const takeLease = parking.takeLease.bind(parking);
      parking.takeLease = (stage, head, lease) => takeLease(stage, head, { ...lease, now: Infinity });
    });
    expect(wrong).toMatch(/begins k\d:\d+ while drain#\d+ works on k\d/);
  });

  it('a message that is lost', async () => {
    const wrong = await firstWrong(({ parking }) => {
      parking.putMessage = () => Promise.resolve();
    });
    expect(wrong).toMatch(/is delivered after|does not come to rest: {"missing":\["k/);
  });
});

describe('nothing is lost, and everything is delivered after the fix', () => {
  it('when SQS itself gives up on messages', async () => {
    const { deadLetters, parked } = await runAll(3_001, 20, { mishaps: true, maxReceiveCount: 4 });
    expectMany(deadLetters, parked);
  });
});
