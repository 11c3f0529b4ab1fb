import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InvokeResult, LambdaFunction, type LambdaFunctionOptions } from '../../../local/lambda/pool.ts';
import { buildRuntime } from '../../../local/lambda/runtime-bundle.ts';

/** A directory of functions, and the functions made from it; `close` ends and removes all of it. */
export class Workshop {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-lambda-')));
  readonly childrenDir = join(this.dir, 'children');
  readonly tmpDir = join(this.dir, 'tmp');
  readonly lines: string[] = [];
  readonly #functions: LambdaFunction[] = [];
  #count = 0;

  buildRuntime(): Promise<string> {
    return buildRuntime(join(this.dir, 'runtime'));
  }

  /** Writes a function's bundle. @returns its directory */
  write(code: string, file = 'index.mjs'): string {
    this.#count += 1;
    const dir = join(this.dir, `code-${this.#count}`);
    mkdirSync(dir);
    writeFileSync(join(dir, file), code);
    return dir;
  }

  async make(code: string, options: Partial<LambdaFunctionOptions> = {}): Promise<LambdaFunction> {
    const made = new LambdaFunction({
      name: 'tested',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:tested',
      codeDir: this.write(code),
      handler: 'index.handler',
      timeoutMs: 20_000,
      memoryMb: 256,
      environment: {},
      runtime: await this.buildRuntime(),
      childrenDir: this.childrenDir,
      tmpDir: this.tmpDir,
      logger: (line) => this.lines.push(line),
      ...options,
    });
    this.#functions.push(made);
    return made;
  }

  async close(): Promise<void> {
    await Promise.all(this.#functions.map((made) => made.close()));
    rmSync(this.dir, { recursive: true });
  }
}

/** Whether the process is stopped by a signal: `ps` says so in its first letter. */
export const isFrozen = (pid: number): boolean =>
  spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.startsWith('T');

/** The error's type and message; a result that is no error fails the test that reads it. */
export const errorOf = (result: InvokeResult): { errorType: string; errorMessage: string } =>
  result.kind === 'error' ? result.error : { errorType: result.kind, errorMessage: JSON.stringify(result) };
