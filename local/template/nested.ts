/**
 * Nested stacks, read as if all their resources stood in the one stack: what a reference names is found there, whichever template it is in.
 *
 * A nested stack's logical ids get an ending of the stack's own, since two nested stacks may have the same ones. They stay letters and
 * digits, and stay the same from start to start: they are the names of what CloudFormation would name.
 */
import { mapReferences, type Json } from './intrinsics.ts';

export type Properties = Readonly<Record<string, Json>>;

export interface RawResource {
  readonly Type: string;
  readonly Properties?: Properties;
}

export interface RawTemplate {
  readonly Resources?: Readonly<Record<string, RawResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: Json }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: Json }>>;
}

export interface FlatResource {
  readonly logicalId: string;
  /** In its own template. */
  readonly idInTemplate: string;
  /** The logical id, in the outermost template, of the nested stack that it is in. */
  readonly nestedIn?: string;
  readonly type: string;
  readonly properties: Properties;
}

export interface FlatTemplate {
  readonly resources: readonly FlatResource[];
  readonly outputs: Readonly<Record<string, Json>>;
}

const NESTED = 'AWS::CloudFormation::Stack';
const OUTPUT = /^Outputs\.(.+)$/;

/** The CDK's logical ids end in eight digits that are like no other's. */
const endingOf = (stackId: string): string => stackId.slice(-8);

/** @param read the template that a `TemplateURL` names */
export const flatten = async (
  template: RawTemplate,
  read: (templateUrl: Json) => Promise<RawTemplate>,
): Promise<FlatTemplate> => {
  const { Resources = {}, Outputs = {} } = template;
  const inside = new Map<string, FlatTemplate>();
  for (const [id, { Type, Properties = {} }] of Object.entries(Resources)) {
    if (Type !== NESTED) continue;
    const nested = await read(Properties['TemplateURL']);
    inside.set(id, embedded(id, await flatten(nested, read), nested, Properties));
  }
  /** What another resource, or an output, asks of a nested stack, it asks of what the stack's output is. */
  const direct = (value: Json): Json =>
    mapReferences(value, {
      attribute: (id, attribute) => {
        const [, output] = OUTPUT.exec(attribute) ?? [];
        const nested = inside.get(id);
        if (nested === undefined || output === undefined) return undefined;
        // One stack's output may be the other's parameter.
        return direct(nested.outputs[output] ?? '');
      },
    });
  const own = Object.entries(Resources).map(([logicalId, { Type, Properties = {} }]): FlatResource => ({
    logicalId,
    idInTemplate: logicalId,
    type: Type,
    properties: Properties,
  }));
  const all = [...own, ...[...inside.values()].flatMap(({ resources }) => resources)];
  return {
    resources: all.map((one) => ({ ...one, properties: direct(one.properties) as Properties })),
    outputs: Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, direct(Value)])),
  };
};

/** In the words of the template around it: ids with the stack's ending, and parameters as what they are given. */
const embedded = (
  stackId: string,
  { resources, outputs }: FlatTemplate,
  { Parameters = {} }: RawTemplate,
  properties: Properties,
): FlatTemplate => {
  const ids = new Set(resources.map(({ logicalId }) => logicalId));
  const given = (properties['Parameters'] ?? {}) as Properties;
  const renamed = (id: string): string => (ids.has(id) ? `${id}${endingOf(stackId)}` : id);
  const outer = (value: Json): Json =>
    mapReferences(value, {
      ref: (id) => {
        if (id in Parameters) return given[id] ?? Parameters[id]?.Default;
        return ids.has(id) ? { Ref: renamed(id) } : undefined;
      },
      attribute: (id, attribute) => (ids.has(id) ? { 'Fn::GetAtt': [renamed(id), attribute] } : undefined),
    });
  return {
    resources: resources.map((one) => ({
      ...one,
      logicalId: renamed(one.logicalId),
      nestedIn: stackId,
      properties: outer(one.properties) as Properties,
    })),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, outer(value)])),
  };
};
