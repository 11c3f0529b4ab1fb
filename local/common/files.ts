import { rename, writeFile } from 'node:fs/promises';

/** Writes all of a file or nothing, also when this process is killed during it. @param mode of the new file */
export const replaceFile = async (path: string, text: string, mode = 0o666): Promise<void> => {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, text, { mode });
  await rename(part, path);
};
