/** The template's functions, and what invokes them. */
import type { QueueSpec } from '../sqs/template.ts';
import type { Properties } from '../template/assembly.ts';
import { functionName, lastPart, optionalNumber, type Template } from '../template/physical.ts';

/** How Lambda treats asynchronous invocations of a function. */
export interface AsyncSpec {
  /** Tries after one that failed. */
  readonly maxRetries: number;
  /** How long an invocation may wait for its turn, or for its next try; milliseconds. */
  readonly maxAgeMs: number;
}

export interface FunctionSpec {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly codeDir: string;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly reservedConcurrency: number | undefined;
  /** Whether a mapping invokes it. */
  readonly isPolled: boolean;
  readonly async: AsyncSpec;
  /** Other names for it, each with its own settings. */
  readonly aliases: ReadonlyMap<string, AsyncSpec>;
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

/** Lambda's own, for a function without an EventInvokeConfig. */
const ASYNC_DEFAULT: AsyncSpec = { maxRetries: 2, maxAgeMs: 6 * 3_600_000 };

export const LATEST = '$LATEST';

/** What an alias may have here: one that points elsewhere, or is charged for, would run as something that it is not. */
const KNOWN = new Set(['FunctionName', 'FunctionVersion', 'Name', 'Description']);

/** The names of each function's aliases. @throws Error for an alias that the local run cannot have */
const readAliases = (template: Template): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const { logicalId, properties } of template.all('alias')) {
    const version = String(properties['FunctionVersion']);
    const unknown = Object.keys(properties).find((name) => !KNOWN.has(name));
    if (version !== LATEST || unknown !== undefined) {
      const what = unknown === undefined ? `of version ${version}` : `with a ${unknown}`;
      throw new Error(`${logicalId}: an alias ${what} is not known to the local run`);
    }
    const name = functionName(String(properties['FunctionName']));
    found.set(name, [...(found.get(name) ?? []), String(properties['Name'])]);
  }
  return found;
};

const qualifierOf = ({ Qualifier }: Properties): string =>
  typeof Qualifier === 'string' ? Qualifier : LATEST;

export const readFunctions = (template: Template): readonly FunctionSpec[] => {
  const aliases = readAliases(template);
  const polled = new Set(
    template.all('mapping').map(({ properties }) => functionName(String(properties['FunctionName']))),
  );
  const key = (name: string, qualifier: string): string => `${name}:${qualifier}`;
  const configs = new Map(
    template.all('invokeConfig').map(({ properties }): [string, AsyncSpec] => [
      key(functionName(String(properties['FunctionName'])), qualifierOf(properties)),
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
      logicalId,
      name,
      arn: physical?.attributes['Arn'] ?? '',
      codeDir: template.assembly.assetDir(code.S3Key),
      handler: String(properties['Handler']),
      timeoutMs: Number(properties['Timeout'] ?? 3) * 1000,
      memoryMb: Number(properties['MemorySize'] ?? 128),
      environment: environment?.Variables ?? {},
      reservedConcurrency: optionalNumber(properties['ReservedConcurrentExecutions']),
      isPolled: polled.has(name),
      async: configs.get(key(name, LATEST)) ?? ASYNC_DEFAULT,
      aliases: new Map(
        (aliases.get(name) ?? []).map((alias) => [alias, configs.get(key(name, alias)) ?? ASYNC_DEFAULT]),
      ),
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
