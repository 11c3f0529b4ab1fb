/** Measures all times and records them: `docs/times.md` for readers, `times.json` for the test. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { overdue, timesOf, type Times } from '../times.ts';
import { PAGE, pageOf, rowOf, textOf } from './page.ts';
import { USERS } from './plan.ts';
import { isWay, WAY_NAMES, type WayName } from './ways.ts';

const RECORD = fileURLToPath(new URL('../times.json', import.meta.url));

export const readTimes = (): readonly Times[] => JSON.parse(readFileSync(RECORD, 'utf8')) as readonly Times[];

/** Selects a part of the table. Absent: all ways, all numbers of users. */
export interface Part {
  readonly way?: string | undefined;
  /** Numbers, separated by commas. */
  readonly users?: string | undefined;
}

const waysOf = ({ way }: Part): readonly WayName[] => {
  if (way === undefined) return WAY_NAMES;
  return way.split(',').filter(isWay);
};

const usersOf = ({ users }: Part): readonly number[] =>
  users === undefined
    ? USERS
    : users
        .split(',')
        .map(Number)
        .filter((count) => Number.isInteger(count) && count > 0);

/** Writes the page only if the part is the whole table. @returns whether everything is within its limits */
export const measureAll = async (say: (line: string) => void, part: Part): Promise<boolean> => {
  const [ways, counts] = [waysOf(part), usersOf(part)];
  if (ways.length === 0 || counts.length === 0) {
    say(`--way: expected some of ${WAY_NAMES.join(', ')}; --users: whole numbers with commas`);
    return false;
  }
  const all: Times[] = [];
  let isWell = true;
  for (const way of ways)
    for (const users of counts) {
      const times = await timesOf(way, users);
      all.push(times);
      say(rowOf(times).join('  '));
      const late = overdue(times);
      for (const text of late) say(`  ${text}`);
      isWell &&= late.length === 0;
    }
  if (part.way !== undefined || part.users !== undefined) return isWell;
  await writeFile(RECORD, await textOf(RECORD, JSON.stringify(all)));
  await writeFile(PAGE, await pageOf(all));
  say(`\n${PAGE} is written`);
  return isWell;
};
