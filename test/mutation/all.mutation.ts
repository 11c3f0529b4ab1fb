/**
 * The tests of `test/core` as one file. For each file Jest sets up a world of its own, which takes longer than most of these
 * tests do; for two thousand mutants that is hours.
 */
import { readdir } from 'node:fs/promises';

/** Millions of steps: too many for each mutant. */
const TOO_LONG = new Set(['mode/exploration.test.ts']);

const folder = new URL('../core/', import.meta.url);
for (const name of (await readdir(folder, { recursive: true })).sort()) {
  if (name.endsWith('.test.ts') && !TOO_LONG.has(name)) await import(new URL(name, folder).pathname);
}
