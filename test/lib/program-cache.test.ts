import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { cacheFile, keptModule } from '../../lib/program-cache.ts';

let dir: string;
let made: number;
const at = (name: string) => join(dir, name);

/** Saved a while ago. */
const save = (name: string, text: string): void => {
  writeFileSync(at(name), text);
  utimesSync(at(name), 1_700_000_000, 1_700_000_000);
};

const kept = (during: () => void = () => undefined) =>
  keptModule(at('cache/router'), [at('lock')], () => {
    made += 1;
    during();
    const code = Buffer.from(`made ${made}`);
    const chunks = new Map([['chunk-1.mjs', { code: Buffer.from('later') }]]);
    return {
      module: { code, exports: ['handler'], inputs: [at('a.ts')], chunks },
      sources: [at('a.ts'), at('b.js')],
    };
  });
const code = (during?: () => void) => Buffer.from(kept(during).code).toString();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-program-cache-'));
  made = 0;
  for (const name of ['a.ts', 'b.js', 'lock']) save(name, name);
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('is made once, and is the same afterwards', () => {
  const first = kept();
  const second = kept();
  expect(made).toBe(1);
  expect(Buffer.from(second.code).equals(first.code)).toBe(true);
  expect(second.exports).toEqual(first.exports);
  expect(second.inputs).toEqual(first.inputs);
  expect([...second.chunks].map(([name, chunk]) => [name, Buffer.from(chunk.code).toString()])).toEqual([
    ['chunk-1.mjs', 'later'],
  ]);
});

it.each(['a.ts', 'b.js', 'lock'])(
  'is made again when %s has other content, and not when it was only saved',
  (name) => {
    expect(code()).toBe('made 1');
    utimesSync(at(name), 1_700_000_001, 1_700_000_001);
    expect(code()).toBe('made 1');
    // The date is the same.
    save(name, 'changed');
    expect(code()).toBe('made 2');
    expect(code()).toBe('made 2');
  },
);

it('is made again when a source is gone', () => {
  expect(code()).toBe('made 1');
  rmSync(at('b.js'));
  expect(code()).toBe('made 2');
});

it('is not kept when a source is saved meanwhile', () => {
  expect(code(() => writeFileSync(at('a.ts'), 'new'))).toBe('made 1');
  utimesSync(at('a.ts'), 1_700_000_000, 1_700_000_000);
  expect(code()).toBe('made 2');
});

it('is made again when what was kept cannot be read', () => {
  expect(code()).toBe('made 1');
  writeFileSync(at('cache/router'), 'half of it');
  expect(code()).toBe('made 2');
});

it('is kept apart for each checkout: worktrees may share what is installed', () => {
  const [one, other] = ['/work/one', '/work/other'].map((project) => cacheFile(project, 'router'));
  expect(one).not.toBe(cacheFile('/work/one', 'ingest'));
  expect(basename(one ?? '')).not.toBe(basename(other ?? ''));
});
