/** Where the local run listens and keeps its data. Everything comes from the environment, with a default. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isAbsolute, join, resolve, sep } from 'node:path';

/** A mistake of the person who starts it: shown as one line, without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface Settings {
  /** The checkout's root. */
  readonly root: string;
  readonly port: number;
  readonly consolePort: number;
  readonly dataDir: string;
  readonly configPath: string;
  /** Keeps assemblies from start to start. */
  readonly cacheDir: string;
  /** Milliseconds between two runs of what the template schedules. Undefined: as the template says. */
  readonly controlInterval: number | undefined;
  /** The most processes a function gets here; AWS would give it more. */
  readonly concurrency: number;
  /** Whether a transform that does not load is refused. */
  readonly checkTransforms: boolean;
  /** The command of a CDK app with a pipeline in it, which is run in place of Sluice's own, without a configuration. */
  readonly app?: string;
  /** The path of the pipeline's construct, where that app has several. */
  readonly pipeline?: string;
}

export const HOST = '127.0.0.1';
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** A package's own directory is not for writing. */
const isPackaged = ROOT.split(sep).includes('node_modules');

const whole = (env: NodeJS.ProcessEnv, name: string, min: number, max: number): number | undefined => {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`${name}: ${JSON.stringify(text)} is not a whole number from ${min} to ${max}`);
};

const flag = (env: NodeJS.ProcessEnv, name: string, byDefault: boolean): boolean => {
  const text = env[name];
  if (text === undefined || text === '') return byDefault;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageError(`${name}: ${JSON.stringify(text)} is neither true nor false`);
};

const text = <K extends string>(env: NodeJS.ProcessEnv, name: string, key: K): Partial<Record<K, string>> => {
  const value = env[name];
  return (value === undefined || value === '' ? {} : { [key]: value }) as Partial<Record<K, string>>;
};

/** @throws UsageError */
export const readSettings = (env: NodeJS.ProcessEnv, cwd: string): Settings => {
  const path = (name: string, fallback: string): string => {
    const value = env[name];
    const chosen = value === undefined || value === '' ? fallback : value;
    return isAbsolute(chosen) ? chosen : resolve(cwd, chosen);
  };
  const seconds = whole(env, 'SLUICE_CONTROL_SECONDS', 1, 3600);
  return {
    root: ROOT,
    port: whole(env, 'SLUICE_PORT', 0, 65_535) ?? 8080,
    consolePort: whole(env, 'SLUICE_CONSOLE_PORT', 0, 65_535) ?? 8090,
    dataDir: path('SLUICE_DATA_DIR', '.sluice'),
    configPath: path('SLUICE_CONFIG', 'sluice.config.ts'),
    cacheDir: path('SLUICE_CACHE_DIR', join(isPackaged ? cwd : ROOT, 'node_modules', '.cache', 'sluice')),
    controlInterval: seconds === undefined ? undefined : seconds * 1000,
    concurrency: whole(env, 'SLUICE_CONCURRENCY', 2, 100) ?? Math.max(4, 2 * availableParallelism()),
    checkTransforms: flag(env, 'SLUICE_CHECK_TRANSFORMS', true),
    ...text(env, 'SLUICE_APP', 'app'),
    ...text(env, 'SLUICE_PIPELINE', 'pipeline'),
  };
};
