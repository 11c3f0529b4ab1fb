import { rename, writeFile } from 'node:fs/promises';

/** Writes all of a file or nothing, also when this process is killed during it. @param mode of the new file */
export const replaceFile = async (path: string, text: string, mode = 0o666): Promise<void> => {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, text, { mode });
  await rename(part, path);
};

/** @returns undefined where there is no such file or folder */
export const ignoreMissing = async <T>(found: Promise<T>): Promise<T | undefined> => {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
