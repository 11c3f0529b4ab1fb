import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { PipelineConfig } from '../config/index.ts';
import type { BudgetSettings } from './budget.ts';
import type { DomainSettings } from './custom-domain.ts';

/** What `sluice.config.ts` holds, and how it is deployed. `docs/configuration.md` describes each key of the former. */
export interface EventPipelineProps extends PipelineConfig {
  /** Where events come from, each with its write keys. At least one. */
  readonly sources: PipelineConfig['sources'];
  /** Where events go. Each has a queue, a function and a mode of its own. May be empty. */
  readonly destinations: PipelineConfig['destinations'];
  /**
   * The transform that the router runs on every event: the path of its module, relative to `baseDir`, or an object with the path as
   * `file`, its limits, its environment and its secrets.
   * @default - events are passed on as they came
   */
  readonly transform?: PipelineConfig['transform'];
  /**
   * Timeouts, deadlines and backoffs.
   * @default - a router of 30 seconds, deliveries of 60 seconds, 10 seconds a request, 15 seconds for ingest
   */
  readonly timing?: PipelineConfig['timing'];
  /**
   * The front door's throttle and its reserved concurrency.
   * @default - 1,000 requests per second, 2,000 concurrent, no reserved concurrency
   */
  readonly ingest?: PipelineConfig['ingest'];
  /**
   * How many routers run concurrently.
   * @default - 50
   */
  readonly router?: PipelineConfig['router'];
  /**
   * Drops events that are repeated within a window, by their `messageId`. Each message costs a read and a write more.
   * @default - off: SQS drops a request that is repeated unchanged within five minutes
   */
  readonly deduplication?: PipelineConfig['deduplication'];
  /**
   * How long records of rejected and discarded events are kept.
   * @default - until an operator deletes them
   */
  readonly records?: PipelineConfig['records'];
  /**
   * Adds a source and a destination of Sluice's own, both with the id `canary`, by which `npx sluice verify` tries the pipeline and touches
   * no other event.
   * @default false
   */
  readonly canary?: PipelineConfig['canary'];

  /**
   * When a stage stops forwarding, and how it recovers.
   * @default - degraded after 5 redrives in 5 minutes; tries again after 5 minutes
   */
  readonly degradedMode?: PipelineConfig['degradedMode'];
  /**
   * Who is notified: PagerDuty, Splunk On-Call, addresses and URLs.
   * @default - nobody; the alarms exist anyway
   */
  readonly alerts?: PipelineConfig['alerts'];

  /**
   * Where the paths of transforms begin.
   * @default process.cwd()
   */
  readonly baseDir?: string;
  /**
   * What the errors of the configuration begin with, e.g. the name of its file.
   * @default - the construct's path
   */
  readonly configName?: string;
  /**
   * What becomes of queues and tables when they are removed from the template or replaced. With DESTROY the tables have no
   * deletion protection either.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Whether the stack gets the outputs `<id>DataPlaneUrl` and `<id>ControlFunction`; by the second one `npx sluice --stack` finds the pipeline.
   * @default true
   */
  readonly outputs?: boolean;
  /**
   * Begins the names of queues, tables, functions and the API, e.g. `sluice-events.fifo`: a letter, then up to 19
   * letters, digits and dashes. Things with a name cannot be replaced by a deployment, nor made again while a retained
   * one of that name is left.
   * @default - CloudFormation makes up names
   */
  readonly namePrefix?: string;
  /**
   * A key of yours for the tables, the topics and the logs, but not for the queues, which accepting an event depends on. A key that is
   * disabled or cannot be reached stops forwarding and alarms; events are still accepted. As a text: its ARN. See "A key of your own" in
   * `docs/operating.md`.
   * @default - keys that AWS owns
   */
  readonly encryptionKey?: IKey | string;
  /**
   * ARNs of the keys of yours under which secrets in Secrets Manager are encrypted: functions that read secrets may decrypt with them.
   * @default - Secrets Manager's own key, which needs no permission
   */
  readonly secretKeys?: readonly string[];
  /**
   * Where people find the runbook, for the descriptions of alarms; the anchor of a section is put behind it.
   * @default 'docs/runbook.md'
   */
  readonly runbookUrl?: string;
  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Whether to create the role with which API Gateway writes access logs. It is a setting of the account in this
   * region, not of the API: without one the stack cannot be deployed, and one that is set already is replaced (and stays
   * when the stack is removed). Switch it off where the account's is managed elsewhere.
   * @default true
   */
  readonly accountLogRole?: boolean;
  /**
   * Creates experiments of AWS Fault Injection Service, which you may then start, and puts its extension into the stages'
   * functions. They start more slowly with it: for a trial, not for good.
   * @default false
   */
  readonly faultInjection?: boolean;
  /**
   * Whether each transform is loaded once at synthesis, in a process of its own, with its environment variables. A module that does not load
   * is a ConfigError. The values of its secrets are not read: it gets a text that says so.
   * @default true
   */
  readonly checkTransforms?: boolean;
  /**
   * The ARN of a web ACL of AWS WAF (of the scope REGIONAL, in this region) that is put in front of the API.
   * @default - none
   */
  readonly webAcl?: string;
  /**
   * A name of yours for the data plane. Its certificate must exist, in the stack's region.
   * @default - the address that API Gateway makes up
   */
  readonly domain?: DomainSettings;
  /**
   * A dashboard of CloudWatch, named as the pipeline. An account's first three cost nothing while they show 50 metrics at most, any other
   * one $3 a month.
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * A monthly budget, whose notifications go to the notice topic: at 80 and 100 percent, and when AWS expects more for the month.
   * @default - none
   */
  readonly budget?: BudgetSettings;
  /**
   * Of a local run, which runs control more often than the template says: seconds between two of its runs. The configuration is
   * checked against it, and nothing else depends on it.
   * @default 60
   */
  readonly controlSeconds?: number | undefined;
}
