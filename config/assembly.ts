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
