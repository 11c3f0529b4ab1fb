import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CASES } from './cases.ts';
import { isSame, PAGE, rows, toPage } from './table.ts';

const all = await rows();

describe('compared with RudderStack', () => {
  test('every difference has a reason, and only differences have one', () => {
    const wrong = all.filter((row) => isSame(row) === (row.because !== undefined));
    expect(wrong.map(({ route, sent, sluice }) => ({ route, sent, sluice }))).toEqual([]);
  });

  test('no answer is a 5xx, and no route and request occurs twice', () => {
    expect(all.filter(({ sluice }) => sluice.status >= 500)).toEqual([]);
    const names = CASES.map(({ route, sent }) => `${route} ${sent}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('the page in the docs matches this code (`npm run conformance` writes it)', async () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(await toPage(all));
  });
});
