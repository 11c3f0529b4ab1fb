/** Functions that exist on AWS only, in the local run. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { StandIns } from '../../../local/lambda/stand-ins.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-stand-ins-'));
afterAll(() => rmSync(directory, { recursive: true }));

const functions = new StandIns(directory, 1_000);
functions.deploy(['enrich', 'plain']);
const write = (source: string): void => {
  mkdirSync(join(directory, 'functions'), { recursive: true });
  writeFileSync(join(directory, 'functions', 'enrich.mjs'), source);
};
const enrich = () => functions.invoke('enrich', { n: 1 });

it('knows those that destinations name', () => {
  expect([functions.has('enrich'), functions.has('other')]).toEqual([true, false]);
});

it('takes all where there is no module, and keeps what it was invoked with', async () => {
  expect(await functions.invoke('plain', { n: 1 })).toEqual({ kind: 'payload', payload: null });
  const lines = readFileSync(join(directory, 'functions', 'plain.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { event: unknown }).event)).toEqual([{ n: 1 }]);
});

it.each([
  [
    'answers',
    'export const handler = async ({ n }) => ({ n: n + 1 });',
    { kind: 'payload', payload: { n: 2 } },
  ],
  ['answers nothing', 'export const handler = () => undefined;', { kind: 'payload', payload: null }],
  [
    'throws',
    'export const handler = async () => { throw new TypeError("no"); };',
    { kind: 'error', error: { errorType: 'TypeError', errorMessage: 'no' } },
  ],
  [
    'does not load',
    'throw new Error("not today");',
    { kind: 'error', error: { errorType: 'Error', errorMessage: 'not today' } },
  ],
  [
    'ends',
    'export const handler = () => process.exit(0);',
    { kind: 'error', error: { errorType: 'Runtime.ExitError' } },
  ],
  [
    'loops',
    'export const handler = () => { for (;;); };',
    { kind: 'error', error: { errorMessage: 'Task timed out after 1 seconds' } },
  ],
])('a module that %s', async (_, source, result) => {
  write(source);
  expect(await enrich()).toMatchObject(result);
});
