import { fileIn, fileKey } from './files.ts';
import type { PipelineConfig, ResolvedConfig, ResolvedTransform } from './schema.ts';
import { ConfigError } from './validate.ts';

/**
 * Makes the paths of the users' transforms absolute.
 * @param config what `written` was found to mean
 * @param baseDir where relative paths begin: the config file's directory
 * @param where names the configuration in each line of the error, e.g. its file's name
 * @throws ConfigError that names the key of each transform whose file does not exist
 */
export const resolveTransforms = (
  config: ResolvedConfig,
  written: PipelineConfig,
  baseDir: string,
  where?: string,
): ResolvedConfig => {
  const issues: string[] = [];
  const resolve = <T extends { transform?: ResolvedTransform }>(owner: T, key: string): T => {
    const { transform } = owner;
    if (transform === undefined) return owner;
    const file = fileIn(baseDir, transform.file, key, issues);
    return { ...owner, transform: { ...transform, file } };
  };
  const resolved = {
    ...resolve(config, fileKey('transform', written.transform)),
    destinations: config.destinations.map((destination, i) =>
      resolve(destination, fileKey(`destinations[${i}].transform`, written.destinations[i]?.transform)),
    ),
  };
  if (issues.length > 0) throw new ConfigError(issues, where);
  return resolved;
};
