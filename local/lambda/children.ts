/**
 * The record of the functions' processes, kept on disk for the next start.
 *
 * A process that is frozen when the local run is killed stays frozen: it never notices that its parent is gone. One
 * that loops without end never looks. So each process is named in a file, and the next start ends what still lives.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long `killLeftovers` waits for a killed process to be gone. */
const GONE_MS = 5_000;

/** No such file, or no such process. */
const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ESRCH');

/** Names of the files are process ids; the content is a token that is in that process's command line. */
export class ChildRecord {
  readonly #dir: string;

  /** @param dir a directory of its own, created when absent */
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  /** A token that no other process has: a process id alone may have been given to another process since. */
  newToken(): string {
    return `sluice-function-${randomUUID()}`;
  }

  /** Synchronous: there must be no moment in which the process runs unrecorded and this one can be killed. */
  add(pid: number, token: string): void {
    writeFileSync(join(this.#dir, String(pid)), token);
  }

  remove(pid: number): void {
    rmSync(join(this.#dir, String(pid)), { force: true });
  }
}

const commandLine = (pid: number): string => {
  if (process.platform !== 'linux')
    return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
};

const isOurs = (pid: number, token: string): boolean =>
  token.startsWith('sluice-function-') && commandLine(pid).includes(token);

const sendKill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended on its own in the meantime.
    if (!isMissing(error)) throw error;
  }
};

const listRecords = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/**
 * Ends the functions' processes that an earlier run left behind, and clears their record. Call it at start, before
 * anything else uses the data, and only by the run that owns the directory: it would end another run's functions too.
 * A process is killed only when its command line carries the token that was recorded for it.
 * @param dir the directory given to `ChildRecord`
 * @returns the ids of the processes that were killed
 * @throws when one cannot be killed or does not go away within 5 seconds
 */
export const killLeftovers = async (dir: string): Promise<number[]> => {
  const killed: number[] = [];
  // Windows cannot freeze a process: there they see the end of their parent themselves.
  const canKill = process.platform !== 'win32';
  for (const name of listRecords(dir)) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid <= 1) continue;
    const file = join(dir, name);
    const token = readFileSync(file, 'utf8');
    if (canKill && isOurs(pid, token)) {
      sendKill(pid);
      const deadline = Date.now() + GONE_MS;
      while (isOurs(pid, token)) {
        if (Date.now() > deadline)
          throw new Error(`The function process ${name} of an earlier run does not end; kill it by hand`);
        await sleep(10);
      }
      killed.push(pid);
    }
    rmSync(file, { force: true });
  }
  return killed;
};
