import { describe, expect, it } from '@jest/globals';
import { parseOptions } from '../../../tools/chaos/options.ts';
import { planKills, VICTIMS } from '../../../tools/chaos/plan.ts';
import { ROOT } from '../../../local/common/settings.ts';
import { Dice } from '../../../tools/driver/dice.ts';
import { runProcess } from '../../../local/common/subprocess.ts';

const chaos = (...args: string[]) =>
  runProcess(process.execPath, ['--import', 'tsx', 'tools/chaos/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
  });

describe('the command line', () => {
  it('has a default for all, and a seed of its own', () => {
    expect(parseOptions([], () => 77)).toEqual({
      kills: 20,
      seed: 77,
      users: 200,
      patienceMs: 1_800_000,
      json: false,
    });
  });

  it('takes what it is given', () => {
    const args = ['--kills', '100', '--seed', '0', '--users', '7', '--patience', '60', '--json'];
    expect(parseOptions(args, () => 77)).toEqual({
      kills: 100,
      seed: 0,
      users: 7,
      patienceMs: 60_000,
      json: true,
    });
  });

  it.each([
    ['--kills', '0'],
    ['--kills', 'many'],
    ['--seed', '-1'],
    ['--seed', ''],
    ['--users', '1.5'],
    ['--patience', '1'],
  ])('reports what is wrong with %s %j, and kills no process', async (flag, value) => {
    const { code, stdout, stderr } = await chaos(flag, value);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`${flag} .*Use a whole number from \\d+ to \\d+\\.`));
  });
});

describe('the plan', () => {
  it('is the same for the same seed, and another for another', () => {
    const plan = (seed: number) => planKills(50, new Dice(seed));
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
    expect(plan(3)).toHaveLength(50);
  });

  it('has every victim, both versions of the code, and both kinds of poison, in any hundred kills', () => {
    for (let seed = 0; seed < 50; seed++) {
      const plan = planKills(100, new Dice(seed));
      expect(new Set(plan.map(({ victim }) => victim))).toEqual(new Set(VICTIMS));
      expect(new Set(plan.map(({ transforms }) => transforms)).size).toBe(2);
      const poisons = plan.flatMap((kill) => kill.poisons);
      expect(new Set(poisons.map(({ stage, kind }) => `${stage} ${kind}`)).size).toBe(4);
      for (const { victim, since } of plan) expect(since === 'begun').toBe(victim === 'start');
    }
  });
});
