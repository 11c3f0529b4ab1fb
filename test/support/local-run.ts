/**
 * Runs and receivers that a file's tests start are stopped and removed after them, even when a test fails. The calls that a run's
 * functions make of AWS are judged by their roles: one that is not allowed fails the file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { LocalRun, type LocalRunOptions } from '../../tools/driver/local-run.ts';
import { Receiver } from '../../tools/driver/receiver.ts';
import { DENIED } from './iam/guard.ts';

const runs: LocalRun[] = [];
const receivers: Receiver[] = [];
afterAll(async () => {
  const denied = deniedCalls();
  await Promise.all([...runs.map((run) => run.remove()), ...receivers.map((receiver) => receiver.close())]);
  if (denied.length > 0)
    throw new Error(`a function made calls that its role does not allow:\n${denied.join('')}`);
});

/** Judges each call of the run's functions by their roles. */
const PERMISSIONS = new URL('iam/preload.mjs', import.meta.url).href;

/** What the roles of the runs' functions did not allow them. */
const deniedCalls = (): readonly string[] =>
  runs
    .map(({ dataDir }) => join(dataDir, DENIED))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));

/** A local run that is not started yet. */
export const newLocalRun = (options: LocalRunOptions): LocalRun => {
  const run = new LocalRun({ ...options, preload: [PERMISSIONS, ...(options.preload ?? [])] });
  runs.push(run);
  return run;
};

/** A local run that has started. */
export const startLocalRun = async (options: LocalRunOptions): Promise<LocalRun> => {
  const run = newLocalRun(options);
  await run.start();
  return run;
};

export const startReceiver = async (): Promise<Receiver> => {
  const receiver = await Receiver.start();
  receivers.push(receiver);
  return receiver;
};

/**
 * Process ids of a run's functions, from its last start and from earlier ones that left them behind: read from the machine, not from the
 * run's own record, which may be wrong.
 */
export const functionProcesses = (run: LocalRun): readonly number[] => {
  // Wide, or a long command line is truncated.
  const { stdout } = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,command='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.includes(join(run.dataDir, 'lambda-runtime')))
    .flatMap((line) => {
      const [, pid, state = ''] = /^\s*(\d+)\s+(\S+)/.exec(line) ?? [];
      // Zombies have already ended.
      return pid === undefined || state.startsWith('Z') ? [] : [Number(pid)];
    });
};
