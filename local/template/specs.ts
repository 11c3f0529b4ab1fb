/** The template in the local run's terms. */
import type { GatewayResponse } from '../api-gateway.ts';
import type { Properties } from '../assembly.ts';
import type { AlarmSpec } from '../cloudwatch/alarm-spec.ts';

export interface QueueSpec {
  readonly name: string;
  /** By SQS's names, as text. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TableSpec {
  readonly name: string;
  readonly properties: Properties;
}

/** How Lambda treats asynchronous invocations of a function. */
export interface AsyncSpec {
  /** Tries after one that failed. */
  readonly maxRetries: number;
  /** How long an invocation may wait for its turn, or for its next try; milliseconds. */
  readonly maxAgeMs: number;
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
  readonly async: AsyncSpec;
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
  /** The REST API's, as its metrics have it. */
  readonly name: string;
  readonly functionName: string;
  readonly stage: string;
  readonly responses: readonly GatewayResponse[];
}

export interface ScheduleSpec {
  readonly expression: string;
  readonly functionName: string;
}

export interface TopicSpec {
  readonly name: string;
  readonly arn: string;
}

export interface SubscriptionSpec {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'lambda' | 'http' | 'https' | 'email';
  /** A function's name, a URL or an address; dynamic references are not resolved yet. */
  readonly endpoint: string;
  /** Tries after one that failed. */
  readonly retries: number;
  /** The longest wait between two tries; milliseconds. */
  readonly maxDelayMs: number;
  /** The queue that takes what could not be delivered. */
  readonly deadLetterQueue: string | undefined;
}

export interface Stack {
  readonly queues: readonly QueueSpec[];
  readonly tables: readonly TableSpec[];
  readonly functions: readonly FunctionSpec[];
  readonly mappings: readonly MappingSpec[];
  readonly api: ApiSpec;
  readonly schedules: readonly ScheduleSpec[];
  readonly topics: readonly TopicSpec[];
  readonly subscriptions: readonly SubscriptionSpec[];
  readonly alarms: readonly AlarmSpec[];
  /** The function that takes the operator's requests. */
  readonly controlFunction: string | undefined;
}
