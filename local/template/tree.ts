/** A template and those of its nested stacks, as they are written: to compare two of them, or to look for resources of a kind. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAssets, readNested } from './assembly.ts';
import type { StackArtifact } from './manifest.ts';
import type { Properties, RawResource, RawTemplate } from './nested.ts';

export interface TemplateTree {
  readonly template: RawTemplate;
  /** By the logical id of the nested stack. */
  readonly nested: ReadonlyMap<string, TemplateTree>;
}

export interface TreeResource {
  /** The logical ids of the nested stacks that it is in, and its own, with slashes between them. */
  readonly id: string;
  readonly type: string;
  readonly properties: Properties;
}

const NESTED = 'AWS::CloudFormation::Stack';

/** @param read the template of a nested stack */
export const growTree = async (
  template: RawTemplate,
  read: (logicalId: string, resource: RawResource) => Promise<TemplateTree>,
): Promise<TemplateTree> => {
  const nested = new Map<string, TemplateTree>();
  for (const [id, resource] of Object.entries(template.Resources ?? {}))
    if (resource.Type === NESTED) nested.set(id, await read(id, resource));
  return { template, nested };
};

/** Of a stack in an assembly. */
export const readTree = async (stack: StackArtifact): Promise<TemplateTree> => {
  const files = await readAssets(stack);
  const grow = (template: RawTemplate): Promise<TemplateTree> =>
    growTree(template, async (_, { Properties = {} }) =>
      grow(await readNested(files, Properties['TemplateURL'])),
    );
  return grow(JSON.parse(await readFile(join(stack.dir, stack.templateFile), 'utf8')) as RawTemplate);
};

/** Those of the nested stacks are among them. */
export const resourcesOf = ({ template, nested }: TemplateTree): readonly TreeResource[] => [
  ...Object.entries(template.Resources ?? {}).map(([id, { Type, Properties = {} }]) => ({
    id,
    type: Type,
    properties: Properties,
  })),
  ...[...nested].flatMap(([stack, tree]) =>
    resourcesOf(tree).map((one) => ({ ...one, id: `${stack}/${one.id}` })),
  ),
];
