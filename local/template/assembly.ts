/** Reads a cloud assembly (`cdk.out`): the template's resources, and where each function's code lies. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Properties = Readonly<Record<string, unknown>>;

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Properties;
}

export interface Assembly {
  readonly stackName: string;
  readonly resources: readonly Resource[];
  /** The values of the stack's outputs, by their names; not resolved. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The directory of an asset, by the S3 key that the template names. */
  readonly assetDir: (s3Key: string) => string;
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<string, { readonly type: string; readonly properties?: { readonly templateFile?: string } }>
  >;
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

/** @throws Error when the assembly has not exactly one stack */
export const readAssembly = async (dir: string): Promise<Assembly> => {
  const { artifacts } = (await readJson(join(dir, 'manifest.json'))) as Manifest;
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [stack] = stacks;
  const templateFile = stack?.[1].properties?.templateFile;
  if (stack === undefined || templateFile === undefined || stacks.length > 1) {
    throw new Error(`${dir} holds ${stacks.length} stacks; the local run reads an assembly of one`);
  }
  const { Resources, Outputs = {} } = (await readJson(join(dir, templateFile))) as Template;
  const assets = (await readJson(join(dir, `${stack[0]}.assets.json`))) as AssetManifest;
  const paths = new Map(
    Object.values(assets.files ?? {}).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [objectKey, source.path]),
    ),
  );
  return {
    stackName: stack[0],
    resources: Object.entries(Resources).map(([logicalId, { Type, Properties = {} }]) => ({
      logicalId,
      type: Type,
      properties: Properties,
    })),
    outputs: Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, Value])),
    assetDir: (s3Key) => {
      const path = paths.get(s3Key);
      if (path === undefined) throw new Error(`the assembly in ${dir} has no asset ${s3Key}`);
      return join(dir, path);
    },
  };
};
