/**
 * Synthesizes the CDK app, in a process of its own, and keeps the assembly under a hash of everything that went into
 * it, so that a start without a change costs no synthesis.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ASSEMBLY_INPUTS, type AssemblyInputs } from '../../config/assembly.ts';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../common/files.ts';
import { loaderFor, ownModule } from '../common/own-module.ts';
import { UsageError } from '../common/settings.ts';
import { runProcess } from '../common/subprocess.ts';

/** Assemblies kept, the most recently used. */
const KEPT = 12;
const DAY_MS = 24 * 3600 * 1000;

export interface SynthOptions {
  readonly root: string;
  readonly configPath: string;
  readonly cacheDir: string;
  /** Whether a transform that does not load is refused. Default: true. */
  readonly checkTransforms?: boolean;
  /** Milliseconds between two runs of control; the configuration is checked against it. Default: as the template says. */
  readonly controlInterval?: number | undefined;
  /** More context of the app's. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * @returns the directory of the assembly: read it, or copy it; it may be removed when others are newer
 * @throws UsageError with the app's own words when it refuses the configuration
 */
export const synthesize = async (options: SynthOptions): Promise<string> => {
  const { configPath, cacheDir, checkTransforms = true } = options;
  await mkdir(cacheDir, { recursive: true });
  const pointer = join(cacheDir, `${sha256(configPath)}.json`);
  const known = await readInputs(pointer);
  if (known?.cacheable === true) {
    // What was checked also serves where no check is wanted, but not the other way round.
    for (const isChecked of checkTransforms ? [true] : [true, false]) {
      const dir = join(cacheDir, await keyOf(options, known.inputs, isChecked));
      if (await exists(dir)) {
        const now = new Date();
        await utimes(dir, now, now);
        return dir;
      }
    }
  }
  const made = await mkdtemp(join(cacheDir, 'synth-'));
  try {
    await runApp(options, made);
    const inputs = await readInputs(join(made, ASSEMBLY_INPUTS));
    if (inputs === undefined) throw new Error(`bin/sluice.ts wrote no ${ASSEMBLY_INPUTS}`);
    const dir = join(cacheDir, await keyOf(options, inputs.inputs, checkTransforms));
    // What is not only made of its inputs replaces what was made of the same inputs before.
    if (!inputs.cacheable) await rm(dir, { recursive: true, force: true });
    await rename(made, dir).catch(async (error: unknown) => {
      // Another process was faster with the same sources; its assembly is as good.
      if (!(await exists(dir))) throw error;
    });
    await replaceFile(pointer, JSON.stringify(inputs));
    await prune(cacheDir);
    return dir;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
};

/**
 * Copies an assembly to where the running functions' code stays put. Old assets stay, and one that is there already is
 * left alone: it is named by its content, and a function that starts at this moment is reading it.
 */
export const copyAssembly = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const target = join(to, name);
    if (name.startsWith('asset.') && (await exists(target))) continue;
    // All of it or nothing, also when this process is killed during it.
    const part = join(to, `part-${name}`);
    await rm(part, { recursive: true, force: true });
    await cp(join(from, name), part, { recursive: true });
    await rename(part, target);
  }
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const readInputs = async (path: string): Promise<AssemblyInputs | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as AssemblyInputs);
};

/** A file that is gone has no content: that changes the hash as well. */
const keyOf = async (
  { configPath, context }: Pick<SynthOptions, 'configPath' | 'context'>,
  inputs: readonly string[],
  isChecked: boolean,
): Promise<string> => {
  const hash = createHash('sha256')
    .update(configPath)
    .update(isChecked ? 'checked' : 'unchecked')
    .update(JSON.stringify(context ?? {}));
  for (const file of [...inputs].sort()) {
    const content = await readFile(file).catch(() => 'absent');
    hash.update(file).update('\0').update(createHash('sha256').update(content).digest());
  }
  return hash.digest('hex').slice(0, 32);
};

const runApp = async (options: SynthOptions, outdir: string): Promise<void> => {
  const { root, configPath, checkTransforms = true, controlInterval, context } = options;
  const control = controlInterval === undefined ? {} : { controlSeconds: controlInterval / 1000 };
  const app = [...loaderFor(import.meta.url), fileURLToPath(ownModule('../../bin/sluice', import.meta.url))];
  const { code, stdout, stderr } = await runProcess(process.execPath, app, {
    cwd: root,
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ checkTransforms, ...control, ...context }),
      SLUICE_CONFIG: configPath,
    },
  });
  if (code === 0) return;
  const output = `${stdout}${stderr}`.trim();
  throw new UsageError(output === '' ? `synthesis ended with code ${code}` : output);
};

/** Drops the assemblies beyond those kept, and what is a day old of the rest: lists of inputs, broken-off attempts. */
const prune = async (cacheDir: string): Promise<void> => {
  const entries = await Promise.all(
    (await readdir(cacheDir)).map(async (name) => {
      const path = join(cacheDir, name);
      const info = await stat(path).catch(() => undefined);
      return { path, isAssembly: /^[0-9a-f]{32}$/.test(name), used: info?.mtimeMs ?? 0 };
    }),
  );
  const newestFirst = entries.sort((a, b) => b.used - a.used);
  const assemblies = newestFirst.filter(({ isAssembly }) => isAssembly).slice(KEPT);
  const rest = newestFirst.filter(({ isAssembly, used }) => !isAssembly && Date.now() - used > DAY_MS);
  await Promise.all([...assemblies, ...rest].map(({ path }) => rm(path, { recursive: true, force: true })));
};
