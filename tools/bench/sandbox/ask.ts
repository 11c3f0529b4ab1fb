/** Starts processes that measure the sandbox, one after another. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Subprocess } from '../../../local/common/subprocess.ts';
import { closing } from '../closing.ts';
import type { Answers, Place, Request } from './protocol.ts';

const url = (relative: string): string => new URL(relative, import.meta.url).href;

export type Ask = <P extends keyof Answers>(part: P, ends?: number) => Promise<Answers[P]>;

const run = async (program: string, request: Request): Promise<string> => {
  const child = new Subprocess(process.execPath, ['--expose-gc', program, JSON.stringify(request)], {
    stderr: 'inherit',
  });
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.ended;
  };
  return closing(close, async () => {
    const { code, signal, stdout } = await child.ended;
    if (code === 0) return stdout;
    throw new Error(`the process for "${request.part}" ended: ${String(code ?? signal)}`);
  });
};

/** Bundles the shell of the thread as a function has it, and the program that measures it; `work` may ask that. */
export const askingSandbox = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  return closing(
    () => rm(dir, { recursive: true, force: true }),
    async () => {
      await build({
        entryPoints: {
          sandbox: fileURLToPath(url('../../../lambdas/sandbox/shell.ts')),
          child: fileURLToPath(url('child.ts')),
        },
        outdir: dir,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        logLevel: 'silent',
      });
      const place: Place = {
        shell: pathToFileURL(join(dir, 'sandbox.mjs')).href,
        plain: url('../transform.mjs'),
        async: url('async-transform.mjs'),
        ending: url('ending-transform.mjs'),
      };
      return work(async <P extends keyof Answers>(part: P, ends = 0) => {
        const text = await run(join(dir, 'child.mjs'), { part, place, ends });
        return JSON.parse(text) as Answers[P];
      });
    },
  );
};
