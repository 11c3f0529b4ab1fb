/** Who else on this machine can read the data directory. */
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../../local/run/lock.ts';
import { exposedDataDir, exposedSecrets } from '../../../local/run/private-data.ts';
import { writeRunFile } from '../../../local/run/run-file.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-private-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('the data directory', () => {
  it('is made for its owner alone', async () => {
    const dir = join(root, 'new');
    (await lockDataDir(dir))();
    expect(modeOf(dir)).toBe(0o700);
    expect(await exposedDataDir(dir)).toBeUndefined();
  });

  it('.sluice of an earlier version is closed', async () => {
    const dir = join(root, '.sluice');
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    expect(await exposedDataDir(dir)).toBeUndefined();
    expect(modeOf(dir)).toBe(0o700);
  });

  it('of another name may have other users, and is named with the command', async () => {
    const dir = join(root, 'shared');
    mkdirSync(dir);
    chmodSync(dir, 0o711);
    expect(await exposedDataDir(dir)).toContain(`chmod 700 ${dir}`);
    expect(modeOf(dir)).toBe(0o711);
  });

  it('has a run.json that only its owner can read', async () => {
    const run = {
      pid: 1,
      dataPlaneUrl: '',
      consoleUrl: '',
      apiUrl: '',
      accessKeyId: 'x',
      controlFunction: '',
    };
    await writeRunFile(root, run);
    expect(modeOf(join(root, 'run.json'))).toBe(0o600);
  });
});

describe('secrets.json', () => {
  const file = join(root, 'secrets.json');
  beforeEach(() => rmSync(file, { force: true }));

  it.each([0o644, 0o640, 0o604, 0o602])('of mode %o is named with the command', async (mode) => {
    writeFileSync(file, '{}');
    chmodSync(file, mode);
    expect(await exposedSecrets(root)).toContain(`chmod 600 ${file}`);
  });

  it('of its owner alone, or none, is fine', async () => {
    expect(await exposedSecrets(root)).toBeUndefined();
    writeFileSync(file, '{}', { mode: 0o600 });
    expect(await exposedSecrets(root)).toBeUndefined();
  });
});
