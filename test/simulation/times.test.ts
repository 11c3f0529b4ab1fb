import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { LIMITS, MEASURES, overdue, timesOf } from './times.ts';
import { readTimes } from './times/main.ts';
import { PAGE, pageOf } from './times/page.ts';
import { USERS } from './times/plan.ts';
import { WAY_NAMES, type WayName } from './times/ways.ts';

const all = readTimes();

/** One for each kind of rule: (d) and (e), (f), (e) without an attempt, redrives. */
const MEASURED_AGAIN: readonly (readonly [WayName, number])[] = [
  ['503', 1],
  ['503', 5],
  ['400', 1],
  ['never invoked', 1],
  ['never invoked', 5],
  ['throw', 1],
];

describe('the table of times', () => {
  it('has each way to fail with each number of users', () => {
    const wanted = WAY_NAMES.flatMap((way) => USERS.map((users) => ({ way, users })));
    expect(all.map(({ way, users }) => ({ way, users }))).toEqual(wanted);
  });

  it.each(all)('$way with $users users is within its limits', (times) => {
    expect(overdue(times)).toEqual([]);
  });

  it('has an effective limit for each column', () => {
    const [first] = all;
    for (const measure of MEASURES) {
      const late = {
        way: 'throw',
        users: 1,
        ...first,
        [measure]: LIMITS[measure] + 1,
      } as (typeof all)[number];
      expect(overdue(late).join()).toContain(measure);
    }
  });

  it('is the one on the page in the docs (`npm run simulate -- --times` writes it)', async () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(await pageOf(all));
  });

  it.each(MEASURED_AGAIN)('%s with %i users takes as long as the table says', async (way, users) => {
    expect(await timesOf(way, users)).toEqual(all.find((one) => one.way === way && one.users === users));
  });
});
