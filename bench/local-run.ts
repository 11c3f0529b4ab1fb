/** The local run as the system under test: a process of its own, on free ports, with empty data. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '../local/run-file.ts';
import { UsageError } from '../local/settings.ts';
import bench from './sluice.config.ts';
import type { RunningSystem, System } from './system.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The first start makes the functions' bundles, which takes a slow machine a while. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

export const localRun: System = {
  name: 'local run',
  start: async (destinations) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
    const logFile = join(dataDir, 'local-run.log');
    const log = openSync(logFile, 'a');
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), path('../local/main.ts')],
      {
        cwd: path('..'),
        env: {
          ...process.env,
          SLUICE_PORT: '0',
          SLUICE_CONSOLE_PORT: '0',
          SLUICE_DATA_DIR: dataDir,
          SLUICE_CONFIG: path('sluice.config.ts'),
          BENCH_DESTINATIONS: destinations.join(' '),
        },
        stdio: ['ignore', log, log],
        // Ctrl-C is for the benchmark, which then stops this in its own way.
        detached: true,
      },
    );
    closeSync(log);
    // When this process ends on the way to a `stop`, the local run must not stay behind.
    const kill = (): void => void child.kill('SIGTERM');
    process.once('exit', kill);
    const stop = async (): Promise<void> => {
      await end(child);
      process.off('exit', kill);
      await rm(dataDir, { recursive: true, force: true });
    };
    try {
      return { ...(await ready(child, dataDir, logFile)), stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

const ready = async (
  child: ChildProcess,
  dataDir: string,
  logFile: string,
): Promise<Omit<RunningSystem, 'stop'>> => {
  const giveUp = performance.now() + START_LIMIT_MS;
  while (performance.now() < giveUp && !hasEnded(child)) {
    const run = await readRunFile(dataDir).catch((error: unknown) => {
      // Not there yet, or half written.
      if (error instanceof UsageError || error instanceof SyntaxError) return undefined;
      throw error;
    });
    if (run !== undefined) {
      const writeKey = bench.sources[0]?.writeKey ?? '';
      return { dataPlaneUrl: run.dataPlaneUrl, writeKey, pid: run.pid };
    }
    await sleep(100);
  }
  const why = hasEnded(child) ? 'ended' : `was not ready within ${START_LIMIT_MS / 1_000} s`;
  throw new Error(`the local run ${why}; it wrote:\n${await readFile(logFile, 'utf8')}`);
};

const end = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(timer);
};
