import { expect, it } from '@jest/globals';
import { measureWork, workTable } from '../../../tools/bench/costs/measure.ts';
import { WORKS } from '../../../tools/bench/costs/works.ts';

it.each(WORKS)('measures each way of $name, and prints a line for each', ({ title, ways }) => {
  const costs = measureWork(ways, 20, 2);
  expect(costs.map(({ name }) => name)).toEqual(ways.map(({ name }) => name));
  expect(costs.every(({ microseconds }) => microseconds > 0)).toBe(true);
  const table = workTable(title, costs);
  for (const { name } of costs) expect(table).toContain(name);
});
