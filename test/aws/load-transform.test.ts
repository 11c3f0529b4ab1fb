import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MODULE = path.resolve('lambdas/aws/load-transform.ts');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'sluice-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/**
 * Loads a transform twice, in a process of its own, since Node keeps modules and what they threw.
 * @returns what came of it each time
 */
const loadTwice = async (name: string, source: string | undefined): Promise<unknown> => {
  const file = path.join(dir, name);
  if (source !== undefined) await writeFile(file, source);
  const script = `
    import { loadTransform } from ${JSON.stringify(pathToFileURL(MODULE).href)};
    const load = async () => {
      try {
        return typeof (await loadTransform(new URL(${JSON.stringify(pathToFileURL(file).href)})));
      } catch (error) {
        return [error.name, error.message, error.cause?.message];
      }
    };
    console.log(JSON.stringify([await load(), await load()]));`;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return JSON.parse(stdout);
};

it.each([
  ['a default export', 'export default () => null;'],
  ['an export of that name', 'export const transform = () => null;'],
])('takes %s', async (name, source) => {
  expect(await loadTwice(`${name}.mjs`, source)).toEqual(['function', 'function']);
});

it('is none when there is no file', async () => {
  expect(await loadTwice('none.mjs', undefined)).toEqual(['undefined', 'undefined']);
});

it('says what a module threw while it was loaded, and tries again the next time', async () => {
  const source = `
    globalThis.loads = (globalThis.loads ?? 0) + 1;
    if (globalThis.loads === 1) throw new Error('no network yet');
    export default () => null;`;
  const error = 'the transform threw while it was loaded: Error: no network yet';
  expect(await loadTwice('moody.mjs', source)).toEqual([['LoadError', error, 'no network yet'], 'function']);
});

it('says what a module lacks that exports no function', async () => {
  const error = [
    'LoadError',
    'the transform module exports no function; write `export default function (event) { ... }`',
    null,
  ];
  expect(await loadTwice('empty.mjs', 'export default 7;')).toEqual([error, error]);
});
