/** Last words when the file cannot be written or truncated: there are none, and the stage continues. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, it, jest } from '@jest/globals';
import { message } from '../support/fakes.ts';

/** Names of calls that fail. */
const broken = new Set<string>();
const failing =
  <Args extends unknown[], R>(name: string, call: (...args: Args) => R) =>
  (...args: Args): R => {
    if (broken.has(name)) throw new Error(`${name} failed`);
    return call(...args);
  };
jest.unstable_mockModule('node:fs', () => ({
  ...fs,
  writeSync: failing('write', fs.writeSync as (file: number, text: string) => number),
  ftruncateSync: failing('truncate', fs.ftruncateSync),
  readFileSync: failing('read', fs.readFileSync as (file: number, encoding: 'utf8') => string),
  closeSync: failing('close', fs.closeSync),
}));
const { LastWordsFile } = await import('../../lambdas/stage/last-words-file.ts');

const root = fs.mkdtempSync(path.join(tmpdir(), 'sluice-words-'));
afterAll(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

let directory: string;
let warned: string[];
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(root, 'env-'));
  warned = [];
  broken.clear();
});

const warn = (text: string, error: unknown) => void warned.push(`${text}: ${String(error)}`);
const start = () => {
  const words = new LastWordsFile({ codeVersion: 'v1', warn, directory });
  return { words, left: words.take() };
};
const [a1, b1] = [message('a1', 'a'), message('b1', 'b')];

it('a failed write discards all notes, because partial last words would be wrong', () => {
  const { words } = start();
  words.received([a1, b1], 9);
  broken.add('write');
  words.begun(a1, '0:v1', false);
  broken.clear();
  words.begun(b1, '0:v1', false);
  expect(start().left).toBeUndefined();
  expect(warned).toEqual([
    'could not write the last words; a death of the process is noticed later: Error: write failed',
  ]);
});

it('it disables last words for the life of the process: a later batch is not noted either', () => {
  const { words } = start();
  words.received([a1], 9);
  broken.add('write');
  words.ended(a1);
  broken.clear();
  words.clear();
  words.received([b1], 9);
  expect(start().left).toBeUndefined();
  expect(warned).toHaveLength(1);
});

it.each(['read', 'truncate'])('a file that cannot be opened because of a failing %s is no error', (call) => {
  start().words.received([a1], 9);
  broken.add(call);
  expect(start().left).toBeUndefined();
  expect(warned[0]).toBe(
    `could not open the last words; a death of the process is noticed later: Error: ${call} failed`,
  );
});

it('a file that can be neither cleared nor closed is no error: the batch was answered', () => {
  const { words } = start();
  words.received([a1], 9);
  broken.add('truncate').add('close');
  words.clear();
  expect(warned[0]).toBe(
    'could not clear the last words; a death of the process is noticed later: Error: truncate failed',
  );
  words.received([b1], 9);
  words.clear();
});
