import { expect, it } from '@jest/globals';
import { measureParked } from '../../../tools/bench/recovery/parked.ts';
import { parkedGrowth } from '../../../tools/bench/recovery/growth.ts';
import { growthTable, parkedTable } from '../../../tools/bench/recovery/report.ts';

it('parks users as a stage does: the command line shows them, and each is drained', async () => {
  const parked = await measureParked(12);
  expect(parked.commands.map(({ name }) => name)).toEqual(['--help', 'status', 'parked', 'report']);
  expect(parked.shown).toBe(12);
  expect(parked.drain).toMatchObject({ users: 12, messages: 1 });
  expect(parked.drain.messagesPerSecond).toBeGreaterThan(0);
  expect(parkedTable([parked])).toMatch(/^status, own s /m);
  const many = { ...parked, users: 120, drain: { ...parked.drain, seconds: parked.drain.seconds * 9 } };
  expect(parkedGrowth([parked, many])).toMatchObject({ from: 12, to: 120 });
  expect(growthTable([parkedGrowth([parked, many])])).toMatch(/^parked users.* 9\.0 *$/m);
});
