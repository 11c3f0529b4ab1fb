/** Which local run a command of the command line means, from the directory in which it is given. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDataDir, removePointer, writePointer } from '../../../local/run/find-run.ts';
import { writeRunFile } from '../../../local/run/run-file.ts';
import { runProcess } from '../../../local/common/subprocess.ts';

let project: string;
let deep: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-find-')));
  deep = join(project, 'src', 'transforms');
  mkdirSync(deep, { recursive: true });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** A run that is up, unless its process is another. */
const run = async (dataDir: string, pid = process.pid): Promise<string> => {
  mkdirSync(dataDir, { recursive: true });
  const nowhere = 'http://127.0.0.1:1';
  const urls = { dataPlaneUrl: nowhere, consoleUrl: nowhere, apiUrl: nowhere };
  await writeRunFile(dataDir, { pid, ...urls, accessKeyId: 'SLUICE0', controlFunction: 'f' });
  return dataDir;
};
const elsewhere = async (name: string, pid = process.pid): Promise<string> => {
  const dataDir = await run(join(project, 'elsewhere', name), pid);
  await writePointer(project, dataDir);
  return dataDir;
};
const ended = async (): Promise<number> => {
  const { stdout } = await runProcess(process.execPath, ['-p', 'process.pid'], { env: {} });
  return Number(stdout);
};

describe('the local run that is meant', () => {
  it('is the one that is named', async () => {
    await run(join(project, '.sluice'));
    expect(await findDataDir('/named', project)).toBe('/named');
  });

  it('runs in the directory, or in the nearest one above', async () => {
    const outer = await run(join(project, '.sluice'));
    expect(await findDataDir(undefined, project)).toBe(outer);
    expect(await findDataDir(undefined, deep)).toBe(outer);
    const inner = await run(join(project, 'src', '.sluice'));
    expect(await findDataDir(undefined, deep)).toBe(inner);
  });

  it('is passed over when it was killed', async () => {
    const outer = await run(join(project, '.sluice'));
    await run(join(deep, '.sluice'), await ended());
    expect(await findDataDir(undefined, deep)).toBe(outer);
  });

  it('was started there, and has its data elsewhere', async () => {
    const dataDir = await elsewhere('one');
    expect(await findDataDir(undefined, project)).toBe(dataDir);
    expect(await findDataDir(undefined, deep)).toBe(dataDir);
    await removePointer(project, dataDir);
    await expect(findDataDir(undefined, deep)).rejects.toThrow('no local run is up');
  });

  it('has its data where it is by default, when others run beside it', async () => {
    await elsewhere('one');
    await elsewhere('two');
    const dataDir = await run(join(project, '.sluice'));
    expect(await findDataDir(undefined, deep)).toBe(dataDir);
  });

  it('must be named when there are two', async () => {
    const two = [await elsewhere('one'), await elsewhere('two')];
    await expect(findDataDir(undefined, deep)).rejects.toThrow(
      `2 local runs that were started in ${project} are up:\n` +
        `  SLUICE_DATA_DIR=${two[0]}\n  SLUICE_DATA_DIR=${two[1]}\nSet the variable of the one that is meant`,
    );
  });

  it('is not found: the error says where it was looked for, and what to do', async () => {
    await elsewhere('killed', await ended());
    await expect(findDataDir(undefined, deep)).rejects.toThrow(
      new RegExp(`started in ${deep} or in a directory above it; start one with .*or set SLUICE_DATA_DIR`),
    );
  });
});

describe('the pointer', () => {
  it('is not needed where the data is in the directory', async () => {
    await writePointer(project, await run(join(project, '.sluice')));
    expect(existsSync(join(project, '.sluice', 'runs'))).toBe(false);
  });

  it('of a run that was killed is removed by the next one', async () => {
    await elsewhere('killed', await ended());
    await elsewhere('one');
    expect(readdirSync(join(project, '.sluice', 'runs'))).toHaveLength(1);
  });
});
