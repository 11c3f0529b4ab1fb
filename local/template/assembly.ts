/** Reads a cloud assembly (`cdk.out`): the resources of a pipeline, and where each function's code lies. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chosenPipeline, stacksOf, type MetadataEntry, type StackArtifact } from './manifest.ts';
import { flatten, type FlatResource, type Properties, type RawTemplate } from './nested.ts';

export type { Properties } from './nested.ts';

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

/** The resource of a nested stack, whose construct is beside it. */
const STACK_RESOURCE = /^(.*)\.NestedStack\/[^/]+\.NestedStackResource$/;

const logicalIdOf = (entries: readonly MetadataEntry[] = []): string | undefined => {
  const id = entries.find(({ type }) => type === 'aws:cdk:logicalId')?.data;
  return typeof id === 'string' ? id : undefined;
};

/** Names a resource as the metadata do: by the nested stack that it is in, if any, and the id in the template of that. */
const placeOf = (stack: string | undefined, idInTemplate: string): string => `${stack ?? ''}/${idInTemplate}`;

/** The place of each construct that is a resource, by its path. */
const placesOf = ({ metadata }: StackArtifact): ReadonlyMap<string, string> => {
  const all = [...metadata].flatMap(([path, entries]) => {
    const id = logicalIdOf(entries);
    return id === undefined ? [] : [{ path, id }];
  });
  const stacks = all.flatMap(({ path, id }) => {
    const [, construct] = STACK_RESOURCE.exec(path) ?? [];
    return construct === undefined ? [] : [{ inside: `${construct}/`, id }];
  });
  return new Map(
    all.map(({ path, id }) => [path, placeOf(stacks.find(({ inside }) => path.startsWith(inside))?.id, id)]),
  );
};

/** @returns by the logical id of the function */
const describedBy = (
  { metadata }: StackArtifact,
  places: ReadonlyMap<string, string>,
  resources: readonly FlatResource[],
): ReadonlyMap<string, readonly MetadataEntry[]> => {
  const ids = new Map(resources.map((one) => [placeOf(one.nestedIn, one.idInTemplate), one.logicalId]));
  return new Map(
    [...metadata].flatMap(([path, entries]) => {
      const id = ids.get(places.get(`${path}${FUNCTION_BELOW}`) ?? '');
      return id === undefined ? [] : [[id, entries] as const];
    }),
  );
};

/** Places of what a construct is made of. */
const placesBelow = (places: ReadonlyMap<string, string>, path: string): ReadonlySet<string> =>
  new Set([...places].flatMap(([below, place]) => (below.startsWith(`/${path}/`) ? [place] : [])));

/** The file of an asset, by the S3 key that the template names. */
export const readAssets = async (stack: StackArtifact): Promise<ReadonlyMap<string, string>> => {
  const { files = {} } = (await readJson(join(stack.dir, `${stack.id}.assets.json`))) as AssetManifest;
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [
        objectKey,
        join(stack.dir, source.path),
      ]),
    ),
  );
};

/**
 * A `TemplateURL` is an address whose parts CloudFormation puts together; the key of the file in its bucket is one of them.
 * @param files by S3 key
 */
export const readNested = async (files: ReadonlyMap<string, string>, url: unknown): Promise<RawTemplate> => {
  const text = JSON.stringify(url);
  const [, file] = [...files].find(([key]) => text.includes(`/${key}`)) ?? [];
  if (file === undefined) throw new Error(`the assembly has no template of a nested stack: ${text}`);
  return (await readJson(file)) as RawTemplate;
};

/**
 * @param pipeline the path of its construct; needed where the assembly has several
 * @throws UsageError that names the pipelines, when it is not clear which one is meant
 */
export const readAssembly = async (dir: string, pipeline?: string): Promise<Assembly> => {
  const chosen = chosenPipeline(await stacksOf(dir), pipeline);
  const { stack, path } = chosen;
  const files = await readAssets(stack);
  const template = (await readJson(join(stack.dir, stack.templateFile))) as RawTemplate;
  const { resources, outputs } = await flatten(template, (url) => readNested(files, url));
  const places = placesOf(stack);
  const own = path === undefined ? undefined : placesBelow(places, path);
  return {
    stackName: stack.id,
    resources: resources.map(({ logicalId, idInTemplate, nestedIn, type, properties }) => ({
      logicalId,
      type,
      properties,
      ...(own?.has(placeOf(nestedIn, idInTemplate)) === false && { isForeign: true }),
    })),
    outputs,
    assetDir: (s3Key) => {
      const found = files.get(s3Key);
      if (found === undefined) throw new Error(`the assembly in ${dir} has no asset ${s3Key}`);
      return found;
    },
    described: describedBy(stack, places, resources),
  };
};
