/** What the data directory holds besides queues and tables: the lock, and how the command line finds the run. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../../local/run/lock.ts';
import { readRunFile, removeRunFile, writeRunFile } from '../../../local/run/run-file.ts';
import { ROOT, UsageError } from '../../../local/common/settings.ts';
import { Subprocess } from '../../../local/common/subprocess.ts';
import { until } from '../../../tools/driver/until.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-data-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the lock', () => {
  it('is for one at a time, in a directory that it makes', async () => {
    const dir = join(root, 'new', 'data');
    const release = await lockDataDir(dir);
    await expect(lockDataDir(dir)).rejects.toThrow(
      new UsageError(
        `${dir} is in use by another local run; stop it, or set SLUICE_DATA_DIR to another directory`,
      ),
    );
    release();
    (await lockDataDir(dir))();
  });

  it('is gone with a process that was killed', async () => {
    const dir = join(root, 'killed');
    const script = `import { lockDataDir } from './local/run/lock.ts';
      await lockDataDir(${JSON.stringify(dir)}); console.log('locked'); setInterval(() => {}, 1000);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const env = { PATH: process.env['PATH'] };
    const holder = new Subprocess(process.execPath, args, { cwd: ROOT, env });
    try {
      await until('the lock', () => holder.stdout.includes('locked'), { context: () => holder.stderr });
      await expect(lockDataDir(dir)).rejects.toThrow(UsageError);
    } finally {
      holder.kill('SIGKILL');
      await holder.ended;
    }
    (await lockDataDir(dir))();
  });

  it('a directory that cannot be made is the person’s mistake', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const refused = await lockDataDir(join(file, 'data')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect(String(refused)).toMatch(
      /data cannot be the data directory \(ENOTDIR.*set SLUICE_DATA_DIR to another/,
    );
  });
});

describe('run.json', () => {
  it('is read as it was written, and is gone when the run is', async () => {
    const run = {
      pid: 7,
      dataPlaneUrl: 'http://127.0.0.1:1',
      consoleUrl: 'http://127.0.0.1:2',
      apiUrl: 'http://c',
      accessKeyId: 'SLUICE0',
      controlFunction: 'control',
    };
    await writeRunFile(root, run);
    expect(await readRunFile(root)).toEqual(run);
    await removeRunFile(root);
    await expect(readRunFile(root)).rejects.toThrow(
      new UsageError(`no local run has its data in ${root}; start it with npm start`),
    );
    // Twice is fine: a start that failed never wrote it.
    await removeRunFile(root);
  });
});
