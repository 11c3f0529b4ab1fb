/** A checkout of Sluice whose ingest is measured: this one, or another beside it, so that both sides of a change come from one run. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { buildCode } from '../../../lib/code.ts';
import type { createIngest } from '../../../lambdas/ingest/ingest.ts';
import type { keysToSources } from '../../../lambdas/ingest/write-key.ts';
import { WRITE_KEY } from './requests.ts';

/** What is measured of ingest without AWS. */
export interface OwnModule {
  readonly createIngest: typeof createIngest;
  readonly keysToSources: typeof keysToSources;
}

export interface Version {
  readonly name: string;
  readonly own: OwnModule;
  /** The directory of ingest's code, as it would be deployed. */
  readonly codeDir: string;
}

export const SOURCES = [{ id: 'web', writeKeys: [WRITE_KEY], enabled: true, orderBy: 'auto' }] as const;

const CONFIG = { sources: SOURCES, timing: { ingestDeadline: 20_000 }, maxKeys: 5_000, version: '0' };

const THIS = fileURLToPath(new URL('../../..', import.meta.url));

/** Bundled as the function is: what runs TypeScript here gives each function its name when it is made, which costs time. */
const bundleOwn = async (root: string, file: string): Promise<OwnModule> => {
  await build({
    stdin: {
      contents: `export { createIngest } from './lambdas/ingest/ingest.ts';
        export { keysToSources } from './lambdas/ingest/write-key.ts';`,
      resolveDir: root,
    },
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  return (await import(pathToFileURL(file).href)) as OwnModule;
};

const load = async (name: string, root: string, dir: string): Promise<Version> => {
  const codeDir = join(dir, name);
  const code = (await import(pathToFileURL(join(root, 'lib', 'code.ts')).href)) as {
    readonly buildCode: typeof buildCode;
  };
  const { files } = code.buildCode('ingest', CONFIG, { baseDir: root, where: 'the benchmark' });
  await mkdir(codeDir, { recursive: true });
  for (const [file, contents] of files) await writeFile(join(codeDir, file), contents);
  return { name, own: await bundleOwn(root, join(dir, `${name}-own.mjs`)), codeDir };
};

/**
 * @param dir where their code goes
 * @param beside the root of another checkout, with its packages installed
 */
export const loadVersions = async (dir: string, beside: string | undefined): Promise<readonly Version[]> => [
  await load('this', THIS, dir),
  ...(beside === undefined ? [] : [await load('beside', beside, dir)]),
];
