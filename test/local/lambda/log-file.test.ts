/** A function's log on disk. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from '../../../local/lambda/log-file.ts';
import { until } from '../../../tools/driver/until.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'log-file-'));
  path = join(dir, 'f.log');
});
afterEach(() => rm(dir, { recursive: true }));
const content = (): Promise<string> => readFile(path, 'utf8');

it('has the lines in their order soon after they were added', async () => {
  const file = new LogFile(path, 5);
  file.add('one');
  file.add('two');
  await until('both', async () => (await content()) === 'one\ntwo\n', { retriesErrors: true });
  file.add('three');
  await until('the third', async () => (await content()) === 'one\ntwo\nthree\n');
  await file.end();
});

it('has all of them when it has ended, and keeps those of an earlier one', async () => {
  for (const lines of [['one', 'two'], ['three']]) {
    const file = new LogFile(path, 60_000);
    for (const line of lines) file.add(line);
    await file.end();
    file.add('late');
  }
  expect(await content()).toBe('one\ntwo\nthree\n');
});
