/** The benchmark of the sandbox measures the real one: threads that end, and functions that start none. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askingSandbox } from '../../../tools/bench/sandbox/ask.ts';
import { functionParts, startOnce, type FunctionParts } from '../../../tools/bench/sandbox/cold-start.ts';
import { growthOf } from '../../../tools/bench/sandbox/growth.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the function of a destination', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-test-'));
  let parts: { readonly without: FunctionParts; readonly with: FunctionParts };
  beforeAll(async () => {
    parts = await functionParts(dir);
  });
  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('has no thread of its own without a transform, and one with a transform', async () => {
    // As many as the same runtime has around a function that does nothing.
    const codeDir = join(dir, 'nothing');
    mkdirSync(codeDir);
    writeFileSync(join(codeDir, 'index.mjs'), 'export const handler = async () => ({ ok: true });');
    const nothing = await startOnce({ ...parts.without, codeDir });
    const without = await startOnce(parts.without);
    const one = await startOnce(parts.with);
    expect(nothing.threads).toBeGreaterThan(0);
    expect(without.threads).toBe(nothing.threads);
    expect(one.threads).toBe(Number(nothing.threads) + 1);
  });
});

it('ends of threads are counted, in a process that keeps nothing of them', async () => {
  const samples = await askingSandbox((ask) => ask('ends', 10));
  expect(samples).toHaveLength(10);
  expect(samples.at(-1)?.ends).toBeGreaterThanOrEqual(10);
  expect(growthOf(samples)).toEqual([]);
});
