import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { caughtAt, PLANTED } from './pipeline/planted.ts';
import { tell } from './pipeline/run.ts';
import { MAX_SEEDS, PAGE, pageOf, readCatches } from './planted-main.ts';

const catches = readCatches();

describe('a planted bug is caught', () => {
  it.each(PLANTED)('$name', async (planted) => {
    const known = catches[planted.name];
    expect(known?.seed).toBeLessThanOrEqual(MAX_SEEDS);
    expect(await caughtAt(planted, known?.seed ?? 0)).toEqual(known);
  });

  it.each(PLANTED.filter(({ plan }) => plan !== undefined))(
    'and its own story is told without it: $name',
    async ({ plan }) => {
      if (plan !== undefined) expect((await tell(plan)).violation).toBeUndefined();
    },
  );

  it('as the page in the docs shows (`npm run simulate -- --planted` writes it)', async () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(await pageOf(catches));
  });
});
