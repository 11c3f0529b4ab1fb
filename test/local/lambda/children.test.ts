import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Subprocess } from '../../../local/common/subprocess.ts';
import { ChildRecord, killLeftovers } from '../../../local/lambda/children.ts';
import { clearTmp } from '../../../local/lambda/tmp-dirs.ts';
import { until } from '../../../tools/driver/until.ts';
import { isFrozen, Workshop } from './fixtures.ts';

let shop: Workshop;
const started: Subprocess[] = [];
beforeEach(() => {
  shop = new Workshop();
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await shop.close();
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // What was killed and not yet waited for by its new parent still has its id, but no command line.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

const start = (args: string[]): Subprocess => {
  const child = new Subprocess(process.execPath, args, { stderr: 'inherit' });
  started.push(child);
  return child;
};

describe('what a killed run leaves behind', () => {
  test('is ended by the next run: the frozen and the endless processes, and no other', async () => {
    const codeDir = shop.write(`export const handler = async (event) => {
      console.log('pid ' + process.pid + (event.loop ? ' loops' : ''));
      if (event.loop) for (;;);
      await new Promise((go) => setTimeout(go, event.wait)); };`);
    const parent = start([
      '--import',
      'tsx',
      fileURLToPath(new URL('./parent.ts', import.meta.url)),
      codeDir,
      await shop.buildRuntime(),
      shop.childrenDir,
      shop.tmpDir,
    ]);
    await until('the functions to run', () => parent.stdout.includes('loops'));
    const pids = [...new Set([...parent.stdout.matchAll(/^pid (\d+)/gm)].map((match) => Number(match[1])))];
    expect(pids).toHaveLength(2);
    await until('the idle one to be frozen', () => pids.some(isFrozen));
    parent.kill('SIGKILL');
    await parent.ended;
    expect(pids.map(isAlive)).toEqual([true, true]);
    expect(readdirSync(join(shop.tmpDir, 'orphan'))).toHaveLength(2);

    const bystander = start(['-e', 'setInterval(() => {}, 1000)']);
    // As if a process of an earlier run had ended and its id had been given to another program.
    new ChildRecord(shop.childrenDir).add(bystander.pid ?? 0, 'sluice-function-of-an-earlier-run');
    writeFileSync(join(shop.childrenDir, '999999999'), 'sluice-function-long-gone');
    writeFileSync(join(shop.childrenDir, String(process.pid)), '');

    expect((await killLeftovers(shop.childrenDir)).sort()).toEqual(pids.sort());
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    expect(readdirSync(shop.childrenDir)).toEqual([]);
    await clearTmp(shop.tmpDir);
    expect(existsSync(shop.tmpDir)).toBe(false);
  });

  test('may be nothing', async () => {
    expect(await killLeftovers(join(shop.dir, 'never'))).toEqual([]);
    await clearTmp(join(shop.dir, 'never'));
    mkdirSync(join(shop.dir, 'empty'));
    expect(await killLeftovers(join(shop.dir, 'empty'))).toEqual([]);
  });
});
