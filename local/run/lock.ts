/** One local run for a data directory: two would hand out the same messages. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'libsql';
import { UsageError } from '../common/settings.ts';

/** It has secrets, and the content of events. */
const OWNER_ONLY = 0o700;

/** @throws UsageError when the directory cannot be made, or not be written to */
const openLock = async (dataDir: string): Promise<Database.Database> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY });
    return new Database(join(dataDir, 'lock.sqlite'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new UsageError(
      `${dataDir} cannot be the data directory (${reason}); set SLUICE_DATA_DIR to another one`,
      { cause: error },
    );
  }
};

/**
 * Takes the operating system's lock on a file, by way of SQLite: it is gone with the process, however that ends.
 * @returns releases it
 * @throws UsageError when another process has it, or the directory cannot be used
 */
export const lockDataDir = async (dataDir: string): Promise<() => void> => {
  const database = await openLock(dataDir);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const taken = error instanceof Error && /locked|busy/i.test(error.message);
    if (!taken) throw error;
    throw new UsageError(
      `${dataDir} is in use by another local run; stop it, or set SLUICE_DATA_DIR to another directory`,
    );
  }
  return () => database.close();
};
