/** Files that a configuration names: modules of transforms, tracking plans. */
import { statSync } from 'node:fs';
import path from 'node:path';

/**
 * The key that holds a file's path, for errors.
 * @param written what the configuration has under `key`: a path, or an object with the path as `file`
 */
export const fileKey = (key: string, written: string | object | undefined): string =>
  typeof written === 'object' ? `${key}.file` : key;

/**
 * @param baseDir where relative paths begin: the config file's directory
 * @param issues gets a line if there is no such file
 * @returns the absolute path
 */
export const fileIn = (baseDir: string, file: string, key: string, issues: string[]): string => {
  const found = path.resolve(baseDir, file);
  const isFile = statSync(found, { throwIfNoEntry: false })?.isFile() ?? false;
  if (!isFile) issues.push(`${key}: there is no file ${file} in ${baseDir}`);
  return found;
};
