/** Makes the runtime a file that plain Node can run. */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ownModule } from '../common/own-module.ts';

/**
 * Bundles `runtime.ts`. A fork then costs no TypeScript loader: tsx would triple a function's cold start.
 * @param dir where the file goes, created when absent; its name carries a hash of its content, so that functions
 *   which still run the one of an older version keep theirs
 * @returns the file's path
 * @throws when esbuild fails or the directory cannot be written
 */
export const buildRuntime = async (dir: string): Promise<string> => {
  const result = await build({
    entryPoints: [fileURLToPath(ownModule('./runtime', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
    logLevel: 'silent',
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const file = join(dir, `lambda-runtime-${hash}.mjs`);
  try {
    await access(file);
  } catch {
    await mkdir(dir, { recursive: true });
    const unfinished = `${file}.${randomUUID()}.tmp`;
    await writeFile(unfinished, code);
    // By rename, so that a start that is killed half-way cannot leave half a program under the final name.
    await rename(unfinished, file);
  }
  return file;
};
