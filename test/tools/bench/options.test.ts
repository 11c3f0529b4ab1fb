import { describe, expect, it } from '@jest/globals';
import { parseOptions, type Plan } from '../../../tools/bench/options.ts';
import { bySystem } from '../../../tools/bench/over-http.ts';

const namesOf = (plans: readonly Plan[]): readonly string[] => plans.map(({ scenario }) => scenario.name);

describe('the command line', () => {
  it('measures everything by default', () => {
    const { plans, measuresSandbox, ends } = parseOptions([]);
    expect(namesOf(plans)).toEqual(expect.arrayContaining(['single', 'batch', 'transform-batch']));
    expect({ measuresSandbox, ends }).toEqual({ measuresSandbox: true, ends: 300 });
  });

  it('measures the named scenarios over HTTP and nothing else', () => {
    const { plans, measuresSandbox, ends } = parseOptions([
      '--scenario',
      'single',
      'batch',
      '--events',
      '500',
    ]);
    expect(namesOf(plans)).toEqual(['single', 'batch']);
    expect(plans.map(({ size }) => size.events)).toEqual([500, 500]);
    expect({ measuresSandbox, ends }).toEqual({ measuresSandbox: false, ends: undefined });
  });

  it('ends a thread as often as requested, without starting a pipeline', () => {
    const options = parseOptions(['--scenario', 'ends', '--ends', '10000']);
    expect(options).toEqual({
      plans: [],
      works: [],
      measuresFloor: false,
      measuresCold: false,
      beside: undefined,
      measuresSandbox: false,
      ends: 10_000,
    });
  });

  it('measures ingest against its floor, beside another checkout', () => {
    const options = parseOptions(['--scenario', 'floor', 'cold', '--beside', '../before']);
    expect(options).toMatchObject({ plans: [], works: [], measuresFloor: true, measuresCold: true });
    expect(options.beside).toBe('../before');
  });

  it('compares each scenario with one that it knows', () => {
    const { plans } = parseOptions([]);
    for (const { scenario } of plans) expect([undefined, ...namesOf(plans)]).toContain(scenario.against);
  });
});

describe('starts of the system', () => {
  const { plans } = parseOptions([]);
  const groups = bySystem(plans);

  it('leave out no scenario, and keep their order', () => {
    expect(namesOf(groups.flat())).toEqual(namesOf(plans));
  });

  it('are shared by scenarios that need the same, so that none with a transform runs with one that has none', () => {
    for (const group of groups) {
      expect(new Set(group.map(({ scenario }) => scenario.hasTransform)).size).toBe(1);
      expect(new Set(group.map(({ scenario }) => scenario.destinations)).size).toBe(1);
    }
    expect(groups.map((group) => group.length)).toEqual([5, 3, 1]);
  });
});
