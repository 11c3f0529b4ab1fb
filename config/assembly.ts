/** What an assembly says besides its template, for those who read it on the same machine. */

/** The file that the app leaves in the assembly: what the assembly was made from, for the local run's cache. */
export const ASSEMBLY_INPUTS = 'sluice-inputs.json';

export interface AssemblyInputs {
  /**
   * Absolute paths of every file outside of packages that it was made from. While none of them has changed, and none
   * was removed, another synthesis would give the same assembly ...
   */
  readonly inputs: readonly string[];
  /** ... unless this is false: the configuration asks the environment or the machine as well. */
  readonly cacheable: boolean;
}

/** The program that the app leaves there as well. It runs the transform of a function's asset: see `contract/transform-check.ts`. */
export const ASSEMBLY_CHECK = 'sluice-check.mjs';

/** Metadata of a pipeline's construct. */
export const PIPELINE_METADATA = 'sluice:pipeline';

/** Metadata of the construct of a function that runs a transform. */
export const TRANSFORM_METADATA = 'sluice:transform';

/** What a function's code is built from again after a change of its transform, without a synthesis. */
export interface TransformMetadata {
  readonly handler: 'router' | 'deliver';
  /** Absolute path of the transform's module. */
  readonly file: string;
  /** The configuration's key that names it. */
  readonly key: string;
  /** Where the paths of transforms begin. */
  readonly baseDir: string;
  /** Names the configuration in errors. */
  readonly where: string;
  /** Absolute paths of the files that the transform is made of, packages left out. */
  readonly inputs: readonly string[];
  /** Of the function; MB. */
  readonly memory: number;
}
