import { statSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedConfig } from './schema.ts';
import { ConfigError } from './validate.ts';

/**
 * Makes the paths of the users' transforms absolute.
 * @param baseDir where relative paths begin: the config file's directory
 * @param where names the configuration in each line of the error, e.g. its file's name
 * @throws ConfigError that names each transform of which there is no file
 */
export const resolveTransforms = (
  config: ResolvedConfig,
  baseDir: string,
  where?: string,
): ResolvedConfig => {
  const issues: string[] = [];
  const resolve = <T extends { transform?: string | undefined }>(owner: T, key: string): T => {
    if (owner.transform === undefined) return owner;
    const file = path.resolve(baseDir, owner.transform);
    const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
    if (!isFile) issues.push(`${key}: there is no file ${owner.transform} in ${baseDir}`);
    return { ...owner, transform: file };
  };
  const resolved = {
    ...resolve(config, 'transform'),
    destinations: config.destinations.map((destination, i) =>
      resolve(destination, `destinations[${i}].transform`),
    ),
  };
  if (issues.length > 0) throw new ConfigError(issues, where);
  return resolved;
};
