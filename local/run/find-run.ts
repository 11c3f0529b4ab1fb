/**
 * Which local run a command means that is given in some directory: the one that runs there, or in the nearest directory above. A run
 * whose data is elsewhere (`SLUICE_DATA_DIR`) leaves a pointer to it in the directory in which it was started.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFile } from '../common/files.ts';
import { UsageError } from '../common/settings.ts';
import { pathIn, type RunFile } from './run-file.ts';

const DEFAULT = '.sluice';
const OWNER_ONLY = 0o700;

const pointersIn = (directory: string): string => join(directory, DEFAULT, 'runs');

const pointerOf = (directory: string, dataDir: string): string =>
  join(pointersIn(directory), `${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.json`);

const isProcess = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** A run that was killed left its file. */
const isUp = async (dataDir: string): Promise<boolean> => {
  const text = await readFile(pathIn(dataDir), 'utf8').catch(() => undefined);
  return text !== undefined && isProcess((JSON.parse(text) as RunFile).pid);
};

interface Pointer {
  readonly file: string;
  readonly dataDir: string;
}

const readPointers = async (directory: string): Promise<readonly Pointer[]> => {
  const names = await readdir(pointersIn(directory)).catch(() => []);
  const read = names
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => {
      const file = join(pointersIn(directory), name);
      // Its run may be ending.
      const text = await readFile(file, 'utf8').catch(() => undefined);
      return text === undefined ? [] : [{ file, dataDir: (JSON.parse(text) as Pointer).dataDir }];
    });
  return (await Promise.all(read)).flat();
};

/** Removes the pointers of runs that were killed. @param directory in which the run was started; its run file is there already */
export const writePointer = async (directory: string, dataDir: string): Promise<void> => {
  if (dataDir === join(directory, DEFAULT)) return;
  await mkdir(pointersIn(directory), { recursive: true, mode: OWNER_ONLY });
  for (const { file, dataDir: other } of await readPointers(directory))
    if (!(await isUp(other))) await rm(file, { force: true });
  await replaceFile(pointerOf(directory, dataDir), `${JSON.stringify({ dataDir })}\n`, 0o600);
};

export const removePointer = (directory: string, dataDir: string): Promise<void> =>
  rm(pointerOf(directory, dataDir), { force: true });

/** The directory itself, and those above in which this user keeps something: what another user put there could lead anywhere. */
const ownDirectories = async (start: string): Promise<readonly string[]> => {
  const found = [start];
  for (let at = dirname(start); at !== dirname(at); at = dirname(at)) {
    const { uid } = await stat(join(at, DEFAULT)).catch(() => ({ uid: undefined }));
    if (uid !== undefined && uid === (process.getuid?.() ?? uid)) found.push(at);
  }
  return found;
};

/**
 * The data directory of the run that is meant.
 * @throws UsageError when there is none, or when there are several
 */
export const findDataDir = async (named: string | undefined, cwd: string): Promise<string> => {
  if (named !== undefined) return named;
  const directories = await ownDirectories(cwd);
  for (const directory of directories) {
    const byDefault = join(directory, DEFAULT);
    if (await isUp(byDefault)) return byDefault;
    const pointers = await readPointers(directory);
    const up: string[] = [];
    for (const { dataDir } of pointers) if (await isUp(dataDir)) up.push(dataDir);
    if (up.length > 1)
      throw new UsageError(
        [
          `${up.length} local runs that were started in ${directory} are up:`,
          ...up.sort().map((dataDir) => `  SLUICE_DATA_DIR=${dataDir}`),
          'Set the variable of the one that is meant',
        ].join('\n'),
      );
    if (up[0] !== undefined) return up[0];
  }
  throw new UsageError(
    `no local run is up that was started in ${cwd} or in a directory above it; start one with npm start or npx sluice dev` +
      ', or set SLUICE_DATA_DIR to the data of one that was started elsewhere',
  );
};
