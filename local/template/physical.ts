/** What resources are known by on this machine, and where their references lead. */
import type { Assembly, Properties, Resource } from './assembly.ts';
import { resolve, type Physical, type Scope } from './intrinsics.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';

export const TYPES = {
  queue: ['AWS::SQS::Queue'],
  // TableV2 becomes a global table of one region.
  table: ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'],
  function: ['AWS::Lambda::Function'],
  alias: ['AWS::Lambda::Alias'],
  invokeConfig: ['AWS::Lambda::EventInvokeConfig'],
  mapping: ['AWS::Lambda::EventSourceMapping'],
  api: ['AWS::ApiGateway::RestApi'],
  method: ['AWS::ApiGateway::Method'],
  stage: ['AWS::ApiGateway::Stage'],
  response: ['AWS::ApiGateway::GatewayResponse'],
  schedule: ['AWS::Events::Rule'],
  topic: ['AWS::SNS::Topic'],
  subscription: ['AWS::SNS::Subscription'],
  alarm: ['AWS::CloudWatch::Alarm'],
  bucket: ['AWS::S3::Bucket'],
  deliveryStream: ['AWS::KinesisFirehose::DeliveryStream'],
  stream: ['AWS::Kinesis::Stream'],
  bus: ['AWS::Events::EventBus'],
} as const;
export type Kind = keyof typeof TYPES;

export const arn = (service: string, name: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

/** `/000000000000/name`, `arn:...:name`, `arn:...:function:name` -> `name` */
export const lastPart = (text: string): string => /[^/:]*$/.exec(text)?.[0] ?? '';

/** A name that the template leaves to CloudFormation is the logical id here: it stays the same from start to start. */
const given = (properties: Properties, key: string, fallback: string): string => {
  const name = properties[key];
  return typeof name === 'string' ? name : fallback;
};

const isOf = (kind: Kind, type: string): boolean => (TYPES[kind] as readonly string[]).includes(type);

const physicalOf = ({ type, logicalId, properties }: Resource, queuesUrl: string): Physical | undefined => {
  if (isOf('queue', type)) {
    const suffix = properties['FifoQueue'] === true ? '.fifo' : '';
    const name = given(properties, 'QueueName', `${logicalId}${suffix}`);
    const url = `${queuesUrl}/${ACCOUNT}/${name}`;
    return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
  }
  if (isOf('table', type)) {
    const name = given(properties, 'TableName', logicalId);
    return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
  }
  if (isOf('function', type)) {
    const name = given(properties, 'FunctionName', logicalId);
    return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  }
  if (isOf('topic', type)) {
    const name = given(properties, 'TopicName', logicalId);
    return { ref: arn('sns', name), attributes: { TopicArn: arn('sns', name), TopicName: name } };
  }
  if (isOf('alarm', type)) {
    const name = given(properties, 'AlarmName', logicalId);
    return { ref: name, attributes: { Arn: arn('cloudwatch', `alarm:${name}`) } };
  }
  if (isOf('bucket', type)) {
    // Names of buckets are in lower case.
    const name = given(properties, 'BucketName', logicalId.toLowerCase());
    return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
  }
  if (isOf('deliveryStream', type)) {
    const name = given(properties, 'DeliveryStreamName', logicalId);
    return { ref: name, attributes: { Arn: arn('firehose', `deliverystream/${name}`) } };
  }
  if (isOf('stream', type)) {
    const name = given(properties, 'Name', logicalId);
    return { ref: name, attributes: { Arn: arn('kinesis', `stream/${name}`) } };
  }
  if (isOf('bus', type)) {
    const name = given(properties, 'Name', logicalId);
    return { ref: name, attributes: { Arn: arn('events', `event-bus/${name}`) } };
  }
  return undefined;
};

const aliasOf = ({ FunctionName, Name }: Properties): Physical => {
  const aliasArn = arn('lambda', `function:${functionName(String(FunctionName))}:${String(Name)}`);
  return { ref: aliasArn, attributes: { AliasArn: aliasArn } };
};

export interface Resolved {
  readonly logicalId: string;
  readonly properties: Properties;
}

/** The template with its references resolved. */
export interface Template {
  readonly assembly: Assembly;
  /** Resources of a kind, in the template's order. */
  all(kind: Kind): readonly Resolved[];
  physical(logicalId: string): Physical | undefined;
  /** The value of an output. */
  output(name: string): unknown;
}

/** The local run's values of CloudFormation's pseudo parameters. */
export const pseudoOf = ({ stackName }: Pick<Assembly, 'stackName'>): Scope['pseudo'] => ({
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stackName,
});

/** @param queuesUrl where SQS listens, without a path */
export const resolveTemplate = (assembly: Assembly, queuesUrl: string): Template => {
  const physical = new Map(
    assembly.resources.map((resource) => [resource.logicalId, physicalOf(resource, queuesUrl)]),
  );
  const scope: Scope = {
    physical: (logicalId) => physical.get(logicalId),
    pseudo: pseudoOf(assembly),
  };
  // Last: an alias is named after its function.
  for (const { logicalId, type, properties } of assembly.resources)
    if (isOf('alias', type)) physical.set(logicalId, aliasOf(resolve(properties, scope) as Properties));
  return {
    assembly,
    all: (kind) =>
      assembly.resources
        .filter(({ type, isForeign }) => isOf(kind, type) && isForeign === undefined)
        .map(({ logicalId, properties }) => ({
          logicalId,
          properties: resolve(properties, scope) as Properties,
        })),
    physical: (logicalId) => physical.get(logicalId),
    output: (name) => resolve(assembly.outputs[name], scope),
  };
};

/** The function's name in its ARN, in API Gateway's path to it, or the name itself. */
export const functionName = (text: string): string => /function:([^/:]+)/.exec(text)?.[1] ?? lastPart(text);

export const optionalNumber = (value: unknown): number | undefined =>
  value === undefined ? undefined : Number(value);
