/** The manifest of a cloud assembly: its stacks, those of its stages too, and the pipelines in them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PIPELINE_METADATA } from '../../config/assembly.ts';
import { UsageError } from '../common/settings.ts';

/** What a construct says of itself. */
export interface MetadataEntry {
  readonly type: string;
  readonly data?: unknown;
}

export interface StackArtifact {
  readonly id: string;
  /** On AWS. */
  readonly stackName: string;
  /** Of the assembly that the stack is in. */
  readonly dir: string;
  readonly templateFile: string;
  /** By the construct's path, which begins with a slash. */
  readonly metadata: ReadonlyMap<string, readonly MetadataEntry[]>;
}

type Metadata = Readonly<Record<string, readonly MetadataEntry[]>>;

interface Artifact {
  readonly type: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly directoryName?: string;
    readonly stackName?: string;
  };
  readonly metadata?: Metadata;
  readonly additionalMetadataFile?: string;
}

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

const readStack = async (dir: string, id: string, artifact: Artifact): Promise<StackArtifact> => {
  const { properties, metadata = {}, additionalMetadataFile } = artifact;
  const more =
    additionalMetadataFile === undefined
      ? {}
      : ((await readJson(join(dir, additionalMetadataFile))) as Metadata);
  return {
    id,
    stackName: properties?.stackName ?? id,
    dir,
    templateFile: properties?.templateFile ?? `${id}.template.json`,
    metadata: new Map([...Object.entries(metadata), ...Object.entries(more)]),
  };
};

/** All stacks of an assembly. */
export const stacksOf = async (dir: string): Promise<readonly StackArtifact[]> => {
  const { artifacts = {} } = (await readJson(join(dir, 'manifest.json'))) as {
    artifacts?: Readonly<Record<string, Artifact>>;
  };
  const found = Object.entries(artifacts).map(async ([id, artifact]) => {
    if (artifact.type === 'aws:cloudformation:stack') return [await readStack(dir, id, artifact)];
    const nested = artifact.properties?.directoryName;
    return artifact.type === 'cdk:cloud-assembly' && nested !== undefined ? stacksOf(join(dir, nested)) : [];
  });
  return (await Promise.all(found)).flat();
};

const isPipeline = ({ type }: MetadataEntry): boolean => type === PIPELINE_METADATA;

/**
 * @param wanted the path of a pipeline's construct
 * @returns the path is absent where no construct says that it is a pipeline: the stack as a whole is one
 */
export const chosenPipeline = (
  stacks: readonly StackArtifact[],
  wanted?: string,
): { readonly stack: StackArtifact; readonly path?: string } => {
  const all = stacks.flatMap((stack) =>
    [...stack.metadata]
      .filter(([, entries]) => entries.some(isPipeline))
      .map(([path]) => ({ stack, path: path.slice(1) })),
  );
  const [only, ...others] = wanted === undefined ? all : all.filter(({ path }) => path === wanted);
  if (only !== undefined && others.length === 0) return only;
  const names = all.map(({ path }) => path).join(', ');
  if (only !== undefined)
    throw new UsageError(`the app has several pipelines: name one of ${names} with --pipeline`);
  if (wanted !== undefined && all.length > 0)
    throw new UsageError(`the app has no pipeline ${wanted}; it has ${names}`);
  const [stack, ...more] = stacks;
  if (stack !== undefined && more.length === 0) return { stack };
  throw new UsageError('the app has no EventPipeline in any of its stacks');
};
