import { rename, writeFile } from 'node:fs/promises';

/** Writes all of a file or nothing, also when this process is killed meanwhile. */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, text);
  await rename(part, path);
};
