/** `npx sluice` as a separate process, without a terminal. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRunFile } from '../../local/run/run-file.ts';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess, type Ended } from '../../local/common/subprocess.ts';
import { FUNCTION } from './stand-in.ts';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The typed input; makes the process behave as in a terminal. */
  readonly types?: string;
}

const TERMINAL = 'data:text/javascript,process.stdin.isTTY=true';

/** Its exit code and its output. */
export type Said = Pick<Ended, 'code' | 'stdout' | 'stderr'>;

export class Cli {
  /** Its working directory, which is empty. */
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-cli-'));

  /** Writes the run file that a local run at this address would write. */
  async pretendRun(apiUrl: string): Promise<void> {
    const nowhere = 'http://127.0.0.1:1';
    await writeRunFile(this.dir, {
      pid: 1,
      dataPlaneUrl: nowhere,
      consoleUrl: nowhere,
      apiUrl,
      accessKeyId: 'SLUICE0',
      controlFunction: FUNCTION,
    });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  async run(args: readonly string[], { env = {}, types }: RunOptions = {}): Promise<Said> {
    const preload = types === undefined ? [] : ['--import', TERMINAL];
    const { code, stdout, stderr } = await runProcess(
      process.execPath,
      [...preload, join(ROOT, 'cli', 'sluice.mjs'), ...args],
      {
        input: types ?? '',
        cwd: this.dir,
        env: {
          PATH: process.env['PATH'],
          // Without this machine's AWS settings.
          HOME: this.dir,
          AWS_EC2_METADATA_DISABLED: 'true',
          SLUICE_DATA_DIR: this.dir,
          ...env,
        },
      },
    );
    return { code, stdout, stderr };
  }
}
