/** `npx sluice` as a process of its own, as a person without a terminal starts it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRunFile } from '../../local/run/run-file.ts';
import { ROOT } from '../../local/common/settings.ts';
import { FUNCTION } from './stand-in.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types; makes the process believe in a terminal. */
  readonly types?: string;
}

const TERMINAL = 'data:text/javascript,process.stdin.isTTY=true';

export class Cli {
  /** Its working directory, which is empty. */
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-cli-'));

  /** What a local run at this address would leave. */
  async pretendRun(apiUrl: string): Promise<void> {
    const nowhere = 'http://127.0.0.1:1';
    await writeRunFile(this.dir, {
      pid: 1,
      dataPlaneUrl: nowhere,
      consoleUrl: nowhere,
      apiUrl,
      controlFunction: FUNCTION,
    });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  run(args: readonly string[], { env = {}, types }: RunOptions = {}): Promise<Ran> {
    const preload = types === undefined ? [] : ['--import', TERMINAL];
    const child = spawn(process.execPath, [...preload, join(ROOT, 'cli', 'sluice.mjs'), ...args], {
      cwd: this.dir,
      env: {
        PATH: process.env['PATH'],
        // Nothing of this machine's AWS settings.
        HOME: this.dir,
        AWS_EC2_METADATA_DISABLED: 'true',
        SLUICE_DATA_DIR: this.dir,
        ...env,
      },
    });
    const ran = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (ran.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (ran.stderr += chunk.toString()));
    child.stdin.end(types ?? '');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...ran }));
    });
  }
}
