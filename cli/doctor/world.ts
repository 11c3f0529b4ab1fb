/** What the doctor reads, so that a test can stand in for it. Each throws `NotRead` where it cannot be read. */
import type { Orphan } from '../../contract/status.ts';
import type { TemplateTree } from '../../local/template/tree.ts';
import type { Finding } from './finding.ts';

/** An account before the first deployment, a stack in it, or the run on this machine. */
export type Place = 'account' | 'stack' | 'local run';

export interface DeployedStack {
  readonly name: string;
  /** CloudFormation's. */
  readonly status: string;
  readonly tree: TemplateTree;
  /** What each resource is on AWS, by its id in the tree. @throws NotRead for what is not on AWS */
  readonly physical: () => ReadonlyMap<string, string>;
}

/** Of Lambda's concurrent executions, in the region. */
export interface Concurrency {
  readonly limit: number;
  /** What is left of it for functions without a reservation. */
  readonly unreserved: number;
}

export type SecretState = 'there' | 'absent' | 'being deleted';

export interface Subscription {
  /** `PendingConfirmation` until it is confirmed. */
  readonly arn: string;
  readonly protocol: string;
  readonly endpoint: string;
}

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface WatchedAlarm {
  readonly name: string;
  readonly metrics: readonly MetricId[];
}

export interface World {
  readonly place: Place;
  /** For a command of the `aws` CLI, to copy: its region and profile, with a space before them, where they were given. */
  readonly options: string;
  /** For a command of `npx sluice`, to copy, likewise: the stack too. */
  readonly control: string;
  /** Of the configuration or app in this directory. @throws UsageError with its own words when it is refused */
  readonly wanted: () => Promise<TemplateTree>;
  readonly deployed: () => Promise<DeployedStack>;
  readonly concurrency: () => Promise<Concurrency>;
  /** The ARN of the role with which API Gateway writes logs. */
  readonly logRole: () => Promise<string | undefined>;
  /** What the parameter of the Systems Manager says. */
  readonly bootstrapVersion: (parameter: string) => Promise<string | undefined>;
  readonly secret: (name: string) => Promise<SecretState>;
  /** @param bus its name, or its ARN */
  readonly hasBus: (bus: string) => Promise<boolean>;
  /** What control knows of destinations that were removed. */
  readonly leftBehind: () => Promise<readonly Orphan[]>;
  /** @returns undefined when the queue is gone */
  readonly queueAttributes: (url: string) => Promise<Readonly<Record<string, string>> | undefined>;
  readonly subscriptions: (topicArn: string) => Promise<readonly Subscription[]>;
  /** Those that exist. */
  readonly alarms: (names: readonly string[]) => Promise<readonly WatchedAlarm[]>;
  /** Those that had data in the last two weeks. */
  readonly metrics: (namespace: string, name: string) => Promise<readonly MetricId[]>;
}

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly run: (world: World) => Promise<Finding>;
}

/** What the checks of resources look at: what is deployed, and before the first deployment what would be. */
export const treeOf = async (world: World): Promise<TemplateTree> =>
  world.place === 'account' ? world.wanted() : (await world.deployed()).tree;
