/** The transforms of the configured pipeline, as their functions would have them: from a synthesis like that of a deployment. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ASSEMBLY_CHECK } from '../../config/assembly.ts';
import { loadConfig } from '../../config/load.ts';
import {
  BUNDLE_FILES,
  ROUTER_STAGE,
  type DeliverBundle,
  type IngestBundle,
  type RouterBundle,
} from '../../contract/bundle.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import type { Settings } from '../../local/common/settings.ts';
import { readStack } from '../../local/run/stack.ts';
import { synthesize } from '../../local/run/synth.ts';
import { CommandFailure } from '../failure.ts';
import type { CheckedPlans } from './plan.ts';

/** A stage with a transform. */
export interface CheckedStage {
  /** `router`, or the destination's id. */
  readonly id: string;
  /** Holds the files of its function's asset. */
  readonly directory: string;
  /** Of the function; MB. */
  readonly memoryMb: number;
  /** Id of the source that events come from, unless they say so themselves: the first that the stage takes. */
  readonly source: string;
  /** Names of the secrets that the transform is given. */
  readonly secrets: readonly string[];
}

/** A destination, as the router has it. */
export type CheckedDestination = RouterBundle['destinations'][number] & { readonly enabled: boolean };

export interface CheckedPipeline {
  /** The path of the program that runs a transform. */
  readonly program: string;
  /** Of the configuration: what is accepted and should be changed, a line each. */
  readonly warnings: readonly string[];
  /** Ids of all stages, the router's first. */
  readonly ids: readonly string[];
  /** Ids of the sources, as they are configured. */
  readonly sources: readonly string[];
  /** Absent: no source has a tracking plan. */
  readonly plans?: CheckedPlans;
  readonly destinations: readonly CheckedDestination[];
  /** Those with a transform, the router's first. */
  readonly stages: readonly CheckedStage[];
}

/** Each function has the keys of its own bundle. */
type AnyBundle = Partial<IngestBundle & RouterBundle & DeliverBundle>;

const readBundle = async (directory: string): Promise<AnyBundle> =>
  JSON.parse(await readFile(join(directory, BUNDLE_FILES.config), 'utf8')) as AnyBundle;

const idOf = ({ destination, destinations }: AnyBundle): string | undefined =>
  destinations === undefined ? destination?.id : ROUTER_STAGE;

const isRouter = ({ id }: { readonly id: string }): number => (id === ROUTER_STAGE ? 0 : 1);

/** The router's bundle has them. */
const plansIn = (
  read: readonly { readonly directory: string; readonly bundle: AnyBundle }[],
): Pick<CheckedPipeline, 'plans'> => {
  for (const { directory, bundle } of read)
    if (bundle.plans !== undefined)
      return { plans: { module: join(directory, BUNDLE_FILES.plans), settings: bundle.plans } };
  return {};
};

/**
 * Transforms that do not load are in it as well: to say why is what the check is for.
 * @throws UsageError with the app's own words when it refuses the configuration
 */
export const readPipeline = async (settings: Settings): Promise<CheckedPipeline> => {
  const assembly = await synthesize({ ...settings, checkTransforms: false });
  const { warnings } = await loadConfig(settings.configPath, settings.controlInterval);
  return pipelineIn(assembly, warnings);
};

/** @param assembly the directory of one with a single pipeline */
export const pipelineIn = async (
  assembly: string,
  warnings: readonly string[] = [],
): Promise<CheckedPipeline> => {
  // Nothing of the template is asked that depends on where queues are.
  const { functions } = readStack(await readAssembly(assembly), 'http://127.0.0.1');
  const read = await Promise.all(
    functions.map(async ({ codeDir, memoryMb }) => ({
      directory: codeDir,
      memoryMb,
      bundle: await readBundle(codeDir),
    })),
  );
  // Ingest has them, and control.
  const sources = [...new Set(read.flatMap(({ bundle }) => bundle.sources ?? []).map(({ id }) => id))];
  const routed = read.flatMap(({ bundle }) => bundle.destinations ?? []);
  const stages = read
    .flatMap(({ bundle, ...rest }) => {
      const id = idOf(bundle);
      return id === undefined ? [] : [{ id, bundle, ...rest }];
    })
    .sort((a, b) => isRouter(a) - isRouter(b));
  return {
    program: join(assembly, ASSEMBLY_CHECK),
    warnings,
    ids: stages.map(({ id }) => id),
    sources,
    ...plansIn(read),
    // The router knows those that are switched on.
    destinations: stages.flatMap(({ bundle: { destination } }) =>
      destination === undefined
        ? []
        : [
            {
              ...(routed.find(({ id }) => id === destination.id) ?? { id: destination.id }),
              enabled: destination.enabled,
            },
          ],
    ),
    stages: stages.flatMap(({ bundle: { transform, destination }, ...rest }) =>
      transform === undefined
        ? []
        : [
            {
              ...rest,
              source: destination?.sources?.[0] ?? sources[0] ?? '',
              secrets: Object.values(transform.secrets).map(({ secretName }) => secretName),
            },
          ],
    ),
  };
};

/** @param wanted ids; none: every stage with a transform @throws CommandFailure */
export const chooseStages = (
  { ids, stages }: CheckedPipeline,
  wanted: readonly string[],
): readonly CheckedStage[] => {
  if (stages.length === 0)
    throw new CommandFailure(
      "no transform is configured; name a module in `transform`, the pipeline's or a destination's (docs/configuration.md)",
    );
  if (wanted.length === 0) return stages;
  const having = `the stages that have one are ${stages.map(({ id }) => id).join(', ')}`;
  for (const id of wanted) {
    if (!ids.includes(id))
      throw new CommandFailure(`there is no stage ${JSON.stringify(id)}; the stages are ${ids.join(', ')}`);
    if (!stages.some((stage) => stage.id === id))
      throw new CommandFailure(`${id} has no transform; ${having}`);
  }
  return stages.filter(({ id }) => wanted.includes(id));
};
