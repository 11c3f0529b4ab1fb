/** Reads a cloud assembly (`cdk.out`): the resources of a pipeline, and where each function's code lies. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chosenPipeline, stacksOf, type MetadataEntry, type StackArtifact } from './manifest.ts';

export type Properties = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Properties;
  /** It is not the pipeline's, but of the app around it: others may refer to it, and it is not deployed here. */
  readonly isForeign?: true;
}

export interface Assembly {
  readonly stackName: string;
  readonly resources: readonly Resource[];
  /** The values of the stack's outputs, by their names; not resolved. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The directory of an asset, by the S3 key that the template names. */
  readonly assetDir: (s3Key: string) => string;
  /** What the constructs of functions say of themselves (`TRANSFORM_METADATA`), by the function's logical id. */
  readonly described?: ReadonlyMap<string, readonly MetadataEntry[]>;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}
interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

/** Where the construct of a function has the function itself. */
const FUNCTION_BELOW = '/Handler/Resource';

const describedBy = ({ metadata }: StackArtifact): ReadonlyMap<string, readonly MetadataEntry[]> =>
  new Map(
    [...metadata].flatMap(([path, entries]) => {
      const id = logicalIdOf(metadata.get(`${path}${FUNCTION_BELOW}`));
      return id === undefined ? [] : [[id, entries] as const];
    }),
  );

const logicalIdOf = (entries: readonly MetadataEntry[] = []): string | undefined => {
  const id = entries.find(({ type }) => type === 'aws:cdk:logicalId')?.data;
  return typeof id === 'string' ? id : undefined;
};

/** Logical ids of what a construct is made of. */
const idsBelow = ({ metadata }: StackArtifact, path: string): ReadonlySet<string> =>
  new Set(
    [...metadata].flatMap(([below, entries]) => {
      const id = below.startsWith(`/${path}/`) ? logicalIdOf(entries) : undefined;
      return id === undefined ? [] : [id];
    }),
  );

/**
 * @param pipeline the path of its construct; needed where the assembly has several
 * @throws UsageError that names the pipelines, when it is not clear which one is meant
 */
export const readAssembly = async (dir: string, pipeline?: string): Promise<Assembly> => {
  const chosen = chosenPipeline(await stacksOf(dir), pipeline);
  const { stack, path } = chosen;
  const own = path === undefined ? undefined : idsBelow(stack, path);
  const { Resources, Outputs = {} } = (await readJson(join(stack.dir, stack.templateFile))) as Template;
  const assets = (await readJson(join(stack.dir, `${stack.id}.assets.json`))) as AssetManifest;
  const paths = new Map(
    Object.values(assets.files ?? {}).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [objectKey, source.path]),
    ),
  );
  return {
    stackName: stack.id,
    resources: Object.entries(Resources).map(([logicalId, { Type, Properties = {} }]) => ({
      logicalId,
      type: Type,
      properties: Properties,
      ...(own?.has(logicalId) === false && { isForeign: true }),
    })),
    outputs: Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, Value])),
    assetDir: (s3Key) => {
      const found = paths.get(s3Key);
      if (found === undefined) throw new Error(`the assembly in ${dir} has no asset ${s3Key}`);
      return join(stack.dir, found);
    },
    described: describedBy(stack),
  };
};
