/** Functions, what calls them, and the API in front of one. */
import type { GatewayResponse } from '../api-gateway.ts';
import type { Properties } from '../assembly.ts';
import { lastPart, type Resolved, type Template } from './physical.ts';
import type { ApiSpec, AsyncSpec, FunctionSpec, MappingSpec, QueueSpec, ScheduleSpec } from './specs.ts';

/** Lambda's own, for a function without an EventInvokeConfig. */
const ASYNC_DEFAULT: AsyncSpec = { maxRetries: 2, maxAgeMs: 6 * 3_600_000 };

const optionalNumber = (value: unknown): number | undefined =>
  value === undefined ? undefined : Number(value);

/** The function's name in its ARN, in API Gateway's path to it, or the name itself. */
export const functionName = (text: string): string => /function:([^/:]+)/.exec(text)?.[1] ?? lastPart(text);

export const readFunctions = (template: Template): readonly FunctionSpec[] => {
  const configs = new Map(
    template.all('invokeConfig').map(({ properties }): [string, AsyncSpec] => [
      functionName(String(properties['FunctionName'])),
      {
        maxRetries: Number(properties['MaximumRetryAttempts'] ?? ASYNC_DEFAULT.maxRetries),
        maxAgeMs: Number(properties['MaximumEventAgeInSeconds'] ?? ASYNC_DEFAULT.maxAgeMs / 1000) * 1000,
      },
    ]),
  );
  return template.all('function').map(({ logicalId, properties }): FunctionSpec => {
    const code = properties['Code'] as { readonly S3Key: string };
    const environment = properties['Environment'] as
      { readonly Variables?: Record<string, string> } | undefined;
    const physical = template.physical(logicalId);
    const name = physical?.ref ?? logicalId;
    return {
      name,
      arn: physical?.attributes['Arn'] ?? '',
      codeDir: template.assembly.assetDir(code.S3Key),
      handler: String(properties['Handler']),
      timeoutMs: Number(properties['Timeout'] ?? 3) * 1000,
      memoryMb: Number(properties['MemorySize'] ?? 128),
      environment: environment?.Variables ?? {},
      reservedConcurrency: optionalNumber(properties['ReservedConcurrentExecutions']),
      async: configs.get(name) ?? ASYNC_DEFAULT,
    };
  });
};

export const readMappings = (template: Template, queues: readonly QueueSpec[]): readonly MappingSpec[] =>
  template.all('mapping').map(({ logicalId, properties }) => {
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
      functionName: functionName(String(properties['FunctionName'])),
      batchSize: Number(properties['BatchSize'] ?? 10),
      maximumConcurrency: scaling?.MaximumConcurrency,
      reportBatchItemFailures: types.includes('ReportBatchItemFailures'),
      enabled: properties['Enabled'] !== false,
    };
  });

export const readSchedules = (template: Template): readonly ScheduleSpec[] =>
  template.all('schedule').flatMap(({ properties }) =>
    ((properties['Targets'] ?? []) as readonly { readonly Arn: string }[]).map(({ Arn }) => ({
      expression: String(properties['ScheduleExpression']),
      functionName: functionName(Arn),
    })),
  );

export const readApi = (template: Template): ApiSpec => {
  const [api] = template.all('api');
  const name = api?.properties['Name'];
  const stage = template.all('stage')[0]?.properties['StageName'];
  return {
    name: typeof name === 'string' ? name : (api?.logicalId ?? ''),
    functionName: functionName(integrationUri(template.all('method'))),
    stage: typeof stage === 'string' ? stage : 'prod',
    responses: template.all('response').map(({ properties }) => gatewayResponse(properties)),
  };
};

const integrationUri = (methods: readonly Resolved[]): string => {
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
