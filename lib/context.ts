import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';

/** What `EventPipeline` decides once for all the constructs inside it. */
export interface PipelineSettings {
  /** Where the paths of transforms begin; the sources of their stack traces are named from here. Absolute. */
  readonly baseDir: string;
  /** Names the pipeline in the errors of its configuration. */
  readonly where: string;
  /** The stack's name and the construct's path in it. Names the pipeline in metrics, alarms and tags. */
  readonly pipeline: string;
  /** How an operator names the pipeline on the command line. */
  readonly stackName: string;
  /** Where the runbook is; a section's anchor is put behind it. */
  readonly runbookUrl: string;
  /** Begins the names of queues, tables, functions and the API. Without it CloudFormation makes names up. */
  readonly namePrefix?: string | undefined;
  /** Of queues and tables, when they are removed and when they are replaced. */
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: RetentionDays;
  /** Of the tables, the topics and the logs. @default - AWS's own keys */
  readonly encryptionKey?: IKey | undefined;
  /** ARNs of the keys under which secrets are encrypted. */
  readonly secretKeys: readonly string[];
  /** Whether each transform is loaded while its function is constructed. */
  readonly checkTransforms: boolean;
}

/** Names one function, for the permission to invoke itself. */
export const FUNCTION_TAG = 'sluice:function';

/** A physical name, or none: then CloudFormation makes one up, which it can replace. */
export const nameOf = ({ namePrefix }: PipelineSettings, part: string): string | undefined =>
  namePrefix === undefined ? undefined : `${namePrefix}-${part}`;

/**
 * What is retained is retained when it may hold something: a first deployment that fails takes away again what it has made, or the next
 * one would meet it.
 */
export const kept = (policy: RemovalPolicy): RemovalPolicy =>
  policy === RemovalPolicy.RETAIN ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : policy;

/** A prop that is left out rather than set to undefined: the constructs of aws-cdk-lib distinguish the two. */
export const optional = <K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<K, T>>;

/** Lengths of time that only come in whole seconds on AWS: rounded up. */
export const wholeSeconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);
