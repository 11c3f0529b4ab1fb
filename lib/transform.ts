import type { TransformBundle } from '../contract/bundle.ts';
import type { PipelineConfig, ResolvedTransform } from '../config/index.ts';
import { fileKey } from '../config/files.ts';
import type { TransformSource } from './code.ts';

/** A transform as its stage needs it; everything is empty when there is none. */
export interface StageTransform {
  /** What is bundled. */
  readonly source: TransformSource | undefined;
  /** What `bundle.json` says of it. */
  readonly bundle: { readonly transform?: TransformBundle };
  /** Names of the secrets that the stage's function reads for it. */
  readonly secrets: readonly string[];
}

/**
 * @param key of the configuration, e.g. `destinations[0].transform`
 * @param written the transform as the configuration has it
 */
export const stageTransform = (
  key: string,
  written: PipelineConfig['transform'],
  transform: ResolvedTransform | undefined,
): StageTransform => {
  if (transform === undefined) return { source: undefined, bundle: {}, secrets: [] };
  // The path is one of this machine, and the code is next to `bundle.json`: it stays out of the bundle.
  const { file, timeout, memory, env, secrets } = transform;
  return {
    source: { file, key: fileKey(key, written) },
    bundle: { transform: { timeout, memory, env, secrets } },
    secrets: Object.values(secrets).map(({ secretName }) => secretName),
  };
};
