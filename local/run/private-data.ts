/** Whether other users of this machine can read what the local run keeps. */
import { chmod, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { secretsFile } from '../secrets-manager/service.ts';

const OF_GROUP_AND_OTHERS = 0o077;
/** The default's, and only ever ours; a directory of another name may hold more than our data. */
const OUR_NAME = '.sluice';

/** @returns undefined when there is no such file, or on Windows, whose modes say nothing of who may read */
const modeOf = async (path: string): Promise<number | undefined> => {
  if (process.platform === 'win32') return undefined;
  return stat(path).then(
    ({ mode }) => mode & 0o777,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    },
  );
};

const isOpen = (mode: number | undefined): boolean => ((mode ?? 0) & OF_GROUP_AND_OTHERS) !== 0;

/** Sets a `.sluice` that other users can enter to 0700. @returns a warning, when others can still enter the data directory */
export const exposedDataDir = async (dataDir: string): Promise<string | undefined> => {
  if (!isOpen(await modeOf(dataDir))) return undefined;
  if (basename(dataDir) === OUR_NAME) await chmod(dataDir, 0o700);
  if (!isOpen(await modeOf(dataDir))) return undefined;
  return `other users of this machine can enter ${dataDir}, which holds events and this run's credentials: chmod 700 ${dataDir}`;
};

/** @returns a warning, when others than the owner can read or change the secrets */
export const exposedSecrets = async (dataDir: string): Promise<string | undefined> => {
  const file = secretsFile(dataDir);
  if (!isOpen(await modeOf(file))) return undefined;
  return `other users of this machine can read or change ${file}: chmod 600 ${file}`;
};
