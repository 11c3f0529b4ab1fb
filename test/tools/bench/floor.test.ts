import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { measureOwnCode } from '../../../tools/bench/floor/own-code.ts';
import { coldTable, floorTable } from '../../../tools/bench/floor/report.ts';
import { SHAPES } from '../../../tools/bench/floor/requests.ts';
import { loadVersions, type Version } from '../../../tools/bench/floor/versions.ts';
import { measureStarts, measureWhole } from '../../../tools/bench/floor/whole.ts';

const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'sluice-floor-')));
let versions: readonly Version[];
beforeAll(async () => {
  // This checkout in the place of another one.
  versions = await loadVersions(dir, path.resolve('.'));
});
afterAll(() => rmSync(dir, { recursive: true }));

it('measures the own code and the whole function of two checkouts, and prints a line for each kind of request', async () => {
  const shapes = SHAPES.slice(0, 2);
  const own = [];
  for (const shape of shapes) own.push(await measureOwnCode(versions, shape, 1));
  const whole = await measureWhole(versions, shapes, 1);
  for (const { ratios } of [...own, ...whole]) {
    expect(ratios).toHaveLength(2);
    // Ingest does what the floor does, and more.
    for (const ratio of ratios) expect(ratio).toBeGreaterThan(1);
  }
  const table = floorTable({ versions: ['this', 'beside'], own, whole });
  for (const { name } of shapes) expect(table).toContain(name);
  expect(table.split('\n')).toHaveLength(3);
});

it('measures starts, that of the bare client first', async () => {
  const starts = await measureStarts(dir, versions.slice(0, 1), 1);
  expect(starts.map(({ name }) => name)).toEqual([
    'the bare SDK client',
    'ingest, this',
    'ingest, this, without source maps',
  ]);
  for (const { start } of starts) expect(Object.values(start).every((value) => value > 0)).toBe(true);
  expect(coldTable({ starts })).toMatch(/^the bare SDK client .* 1\.00 .* 1\.00$/m);
});
