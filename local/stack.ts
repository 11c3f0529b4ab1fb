/** The template in the local run's terms: which queues, tables, functions and mappings there are, references resolved. */
import type { Assembly, Properties, Resource } from './assembly.ts';
import type { GatewayResponse } from './api-gateway.ts';
import { resolve, type Physical, type Scope } from './intrinsics.ts';

export const REGION = 'us-east-1';
const ACCOUNT = '000000000000';

export interface QueueSpec {
  readonly name: string;
  /** By SQS's names, as text. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TableSpec {
  readonly name: string;
  readonly properties: Properties;
}

export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  readonly codeDir: string;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly reservedConcurrency: number | undefined;
}

export interface MappingSpec {
  readonly id: string;
  readonly queueName: string;
  readonly queueArn: string;
  /** The queue's. */
  readonly visibilityTimeoutMs: number;
  readonly functionName: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number | undefined;
  readonly reportBatchItemFailures: boolean;
  readonly enabled: boolean;
}

export interface ApiSpec {
  readonly functionName: string;
  readonly stage: string;
  readonly responses: readonly GatewayResponse[];
}

export interface ScheduleSpec {
  readonly expression: string;
  readonly functionName: string;
}

export interface Stack {
  readonly queues: readonly QueueSpec[];
  readonly tables: readonly TableSpec[];
  readonly functions: readonly FunctionSpec[];
  readonly mappings: readonly MappingSpec[];
  readonly api: ApiSpec;
  readonly schedules: readonly ScheduleSpec[];
}

const TYPES = {
  queue: ['AWS::SQS::Queue'],
  // TableV2 becomes a global table of one region.
  table: ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'],
  function: ['AWS::Lambda::Function'],
  mapping: ['AWS::Lambda::EventSourceMapping'],
  method: ['AWS::ApiGateway::Method'],
  stage: ['AWS::ApiGateway::Stage'],
  response: ['AWS::ApiGateway::GatewayResponse'],
  schedule: ['AWS::Events::Rule'],
} as const;
type Kind = keyof typeof TYPES;

const arn = (service: string, name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;

/** A name that the template leaves to CloudFormation is the logical id here: it stays the same from start to start. */
const given = (properties: Properties, key: string, fallback: string): string => {
  const name = properties[key];
  return typeof name === 'string' ? name : fallback;
};

const physicalOf = ({ type, logicalId, properties }: Resource, queuesUrl: string): Physical | undefined => {
  if (type === TYPES.queue[0]) {
    const suffix = properties['FifoQueue'] === true ? '.fifo' : '';
    const name = given(properties, 'QueueName', `${logicalId}${suffix}`);
    return { ref: `${queuesUrl}/${ACCOUNT}/${name}`, attributes: { Arn: arn('sqs', name), QueueName: name } };
  }
  if (type === TYPES.table[0] || type === TYPES.table[1]) {
    const name = given(properties, 'TableName', logicalId);
    return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
  }
  if (type === TYPES.function[0]) {
    const name = given(properties, 'FunctionName', logicalId);
    return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
  }
  return undefined;
};

/** `/000000000000/name`, `arn:...:name`, `arn:...:function:name` -> `name` */
const lastPart = (text: string): string => /[^/:]*$/.exec(text)?.[0] ?? '';

const optionalNumber = (value: unknown): number | undefined =>
  value === undefined ? undefined : Number(value);

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** @param queuesUrl where SQS listens, without a path */
export const readStack = (assembly: Assembly, queuesUrl: string): Stack => {
  const physical = new Map(
    assembly.resources.map((resource) => [resource.logicalId, physicalOf(resource, queuesUrl)]),
  );
  const scope: Scope = {
    physical: (logicalId) => physical.get(logicalId),
    pseudo: {
      'AWS::Region': REGION,
      'AWS::AccountId': ACCOUNT,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': assembly.stackName,
    },
  };
  const all = (kind: Kind) =>
    assembly.resources
      .filter(({ type }) => (TYPES[kind] as readonly string[]).includes(type))
      .map((resource) => ({ ...resource, properties: resolve(resource.properties, scope) as Properties }));
  const nameOf = (logicalId: string): string => lastPart(physical.get(logicalId)?.ref ?? logicalId);

  const functions = all('function').map(({ logicalId, properties }): FunctionSpec => {
    const code = properties['Code'] as { readonly S3Key: string };
    const environment = properties['Environment'] as
      { readonly Variables?: Record<string, string> } | undefined;
    return {
      name: nameOf(logicalId),
      arn: physical.get(logicalId)?.attributes['Arn'] ?? '',
      codeDir: assembly.assetDir(code.S3Key),
      handler: String(properties['Handler']),
      timeoutMs: Number(properties['Timeout'] ?? 3) * 1000,
      memoryMb: Number(properties['MemorySize'] ?? 128),
      environment: environment?.Variables ?? {},
      reservedConcurrency: optionalNumber(properties['ReservedConcurrentExecutions']),
    };
  });
  const functionOf = (text: string): string =>
    functions.find(({ name }) => text.includes(name))?.name ?? lastPart(text);

  const queues = all('queue').map(({ logicalId, properties }) => ({
    name: nameOf(logicalId),
    attributes: Object.fromEntries(
      Object.entries(properties)
        .filter(([key]) => key !== 'QueueName' && key !== 'Tags')
        .map(([key, value]) => [key, asText(value)]),
    ),
  }));

  return {
    queues,
    tables: all('table').map(({ logicalId, properties }) => ({ name: nameOf(logicalId), properties })),
    functions,
    mappings: all('mapping').map(({ logicalId, properties }) => {
      const queueArn = String(properties['EventSourceArn']);
      const scaling = properties['ScalingConfig'] as { readonly MaximumConcurrency?: number } | undefined;
      const queueName = lastPart(queueArn);
      const queue = queues.find(({ name }) => name === queueName);
      const types = (properties['FunctionResponseTypes'] ?? []) as readonly string[];
      return {
        id: logicalId,
        queueName,
        queueArn,
        visibilityTimeoutMs: Number(queue?.attributes['VisibilityTimeout'] ?? 30) * 1000,
        functionName: functionOf(String(properties['FunctionName'])),
        batchSize: Number(properties['BatchSize'] ?? 10),
        maximumConcurrency: scaling?.MaximumConcurrency,
        reportBatchItemFailures: types.includes('ReportBatchItemFailures'),
        enabled: properties['Enabled'] !== false,
      };
    }),
    api: {
      functionName: functionOf(integrationUri(all('method'))),
      stage: asText(all('stage')[0]?.properties['StageName'] ?? 'prod'),
      responses: all('response').map(({ properties }) => gatewayResponse(properties)),
    },
    schedules: all('schedule').flatMap(({ properties }) =>
      ((properties['Targets'] ?? []) as readonly { readonly Arn: string }[]).map(({ Arn }) => ({
        expression: String(properties['ScheduleExpression']),
        functionName: functionOf(Arn),
      })),
    ),
  };
};

const integrationUri = (methods: readonly { readonly properties: Properties }[]): string => {
  const uris = methods.map(
    ({ properties }) => (properties['Integration'] as { Uri?: string } | undefined)?.Uri,
  );
  return uris.find((uri) => uri !== undefined) ?? '';
};

/** Values of headers are written in single quotes: constants, in API Gateway's mapping language. */
const gatewayResponse = (properties: Properties): GatewayResponse => {
  const parameters = (properties['ResponseParameters'] ?? {}) as Readonly<Record<string, string>>;
  const templates = (properties['ResponseTemplates'] ?? {}) as Readonly<Record<string, string>>;
  const PREFIX = 'gatewayresponse.header.';
  return {
    type: String(properties['ResponseType']),
    status: optionalNumber(properties['StatusCode']),
    headers: Object.fromEntries(
      Object.entries(parameters)
        .filter(([name]) => name.startsWith(PREFIX))
        .map(([name, value]) => [name.slice(PREFIX.length), value.replace(/^'(.*)'$/s, '$1')]),
    ),
    body: Object.values(templates)[0],
  };
};
