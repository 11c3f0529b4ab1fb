/** The local run as a process: what `npm start` starts, without npm in between, on free ports. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRunFile, type RunFile } from '../local/run/run-file.ts';
import { UsageError } from '../local/common/settings.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The first start makes the functions' bundles, which takes a slow machine a while. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

export interface LocalProcessOptions {
  readonly dataDir: string;
  readonly configPath: string;
  /** What it says is appended to it. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** It leads a process group of its own: Ctrl-C is for whoever started it, who then stops it in their own way. */
export const spawnLocalRun = ({
  dataDir,
  configPath,
  logFile,
  env = {},
}: LocalProcessOptions): ChildProcess => {
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path('../local/main.ts')], {
    cwd: path('..'),
    env: {
      ...process.env,
      SLUICE_PORT: '0',
      SLUICE_CONSOLE_PORT: '0',
      SLUICE_DATA_DIR: dataDir,
      SLUICE_CONFIG: configPath,
      ...env,
    },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  return child;
};

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Waits until it takes events. @throws Error with all it said, when it ends instead or takes too long */
export const untilReady = async (
  child: ChildProcess,
  { dataDir, logFile }: Pick<LocalProcessOptions, 'dataDir' | 'logFile'>,
  limitMs = START_LIMIT_MS,
): Promise<RunFile> => {
  const giveUp = performance.now() + limitMs;
  while (performance.now() < giveUp && !hasEnded(child)) {
    const run = await readRunFile(dataDir).catch((error: unknown) => {
      // Not there yet, or half written.
      if (error instanceof UsageError || error instanceof SyntaxError) return undefined;
      throw error;
    });
    // One that was killed has left its own behind.
    if (run !== undefined && run.pid === child.pid) return run;
    await sleep(100);
  }
  const why = hasEnded(child) ? 'ended' : `was not ready within ${limitMs / 1_000} s`;
  throw new Error(`the local run ${why}; it wrote:\n${await readFile(logFile, 'utf8')}`);
};

/** As a service manager ends it. */
export const endLocalRun = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
};
