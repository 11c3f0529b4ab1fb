/** The part of a template that moto's CloudFormation can make. Pure. */
import type { RawResource, RawTemplate } from '../../local/template/nested.ts';

/** What moto 5.2.1 does not know; it says so in its log. */
const UNKNOWN: ReadonlySet<string> = new Set([
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

/** It knows tables, and no global ones: of one region they have the same keys. */
const TABLE_PROPERTIES = [
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'TableName',
];

type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

/** Logical ids that a value refers to. */
const referencesIn = (value: unknown): readonly string[] => {
  if (!isPart(value)) return [];
  const { Ref: ref, 'Fn::GetAtt': attribute } = value as { Ref?: unknown; 'Fn::GetAtt'?: unknown };
  return [
    ...(typeof ref === 'string' ? [ref] : []),
    ...(Array.isArray(attribute) ? [String(attribute[0])] : []),
    ...Object.values(value).flatMap(referencesIn),
  ];
};

const asTable = (resource: RawResource): RawResource =>
  resource.Type === 'AWS::DynamoDB::GlobalTable'
    ? {
        ...resource,
        Type: 'AWS::DynamoDB::Table',
        Properties: Object.fromEntries(
          Object.entries(resource.Properties ?? {}).filter(([name]) => TABLE_PROPERTIES.includes(name)),
        ),
      }
    : resource;

/** With those that refer to one that is left out, and so on. */
const leftOut = (resources: Readonly<Record<string, RawResource>>): ReadonlySet<string> => {
  const out = new Set<string>();
  for (let before = -1; before < out.size;) {
    before = out.size;
    for (const [id, { Type, Properties }] of Object.entries(resources))
      if (UNKNOWN.has(Type) || referencesIn(Properties).some((one) => out.has(one))) out.add(id);
  }
  return out;
};

export interface Reduced {
  readonly template: RawTemplate;
  /** How many were left out, by type. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export const countTypes = (resources: readonly RawResource[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { Type } of resources) counts.set(Type, (counts.get(Type) ?? 0) + 1);
  return counts;
};

export const reduce = (whole: RawTemplate): Reduced => {
  const { Resources = {}, Outputs = {} } = whole;
  const out = leftOut(Resources);
  const depends = (resource: RawResource): RawResource => {
    const { DependsOn } = resource as { DependsOn?: string | readonly string[] };
    if (DependsOn === undefined) return resource;
    return { ...resource, DependsOn: [DependsOn].flat().filter((id) => !out.has(id)) } as RawResource;
  };
  return {
    template: {
      ...whole,
      Resources: Object.fromEntries(
        Object.entries(Resources).flatMap(([id, resource]) =>
          out.has(id) ? [] : [[id, depends(asTable(resource))]],
        ),
      ),
      Outputs: Object.fromEntries(
        Object.entries(Outputs).filter(([, output]) => !referencesIn(output).some((id) => out.has(id))),
      ),
    },
    leftOut: countTypes([...out].flatMap((id) => Resources[id] ?? [])),
  };
};
