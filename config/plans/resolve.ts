import { fileIn, fileKey } from '../files.ts';
import type { PipelineConfig, ResolvedConfig } from '../schema.ts';
import { ConfigError } from '../validate.ts';

/** The key that holds the path of a source's plan, for errors. */
export const planKey = (i: number, written: PipelineConfig): string =>
  fileKey(`sources[${i}].plan`, written.sources[i]?.plan);

/**
 * Makes the paths of tracking plans absolute.
 * @param config what `written` was found to mean
 * @param baseDir where relative paths begin: the config file's directory
 * @throws ConfigError that names the key of each plan whose file does not exist
 */
export const resolvePlans = (
  config: ResolvedConfig,
  written: PipelineConfig,
  baseDir: string,
  where?: string,
): ResolvedConfig => {
  const issues: string[] = [];
  const sources = config.sources.map((source, i) => {
    if (source.plan === undefined) return source;
    const file = fileIn(baseDir, source.plan.file, planKey(i, written), issues);
    return { ...source, plan: { ...source.plan, file } };
  });
  if (issues.length > 0) throw new ConfigError(issues, where);
  return { ...config, sources };
};
