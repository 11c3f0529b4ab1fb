import { Duration, Validations } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { ARCHIVE } from '../contract/archive.ts';
import { CANARY } from '../contract/canary.ts';
import type { ControlBundle } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import type { ResolvedConfig } from '../config/index.ts';
import { METRICS } from '../contract/metrics.ts';
import type { ArchiveStore } from './archive.ts';
import type { PipelineSettings } from './context.ts';
import { stagesEnvironment } from './control-environment.ts';
import { countConditions, grantStages, grantWork } from './control-grants.ts';
import type { FlipTopic } from './flip-topic.ts';
import { SluiceFunction } from './function.ts';
import type { NestedStages } from './nested-stages.ts';
import { OperatorAliases } from './operator-aliases.ts';
import type { PipelineStage } from './stage.ts';
import type { Tables } from './tables.ts';

/** A stage as control sees it. */
export interface ControlledStage {
  readonly maxConcurrency: number;
  /** @default - as `degradedMode` says */
  readonly drainConcurrency?: number;
  readonly stage: PipelineStage;
}

export interface ControlProps {
  readonly context: PipelineSettings;
  readonly config: Pick<
    ResolvedConfig,
    'archive' | 'degradedMode' | 'destinations' | 'records' | 'sources' | 'timing'
  >;
  readonly tables: Tables;
  readonly flipTopic: FlipTopic;
  /** The router's first. */
  readonly stages: readonly ControlledStage[];
  /** @default - the pipeline has none */
  readonly archive?: ArchiveStore | undefined;
  /** The write key of the canary's source. @default - there is no canary */
  readonly canaryKey?: string | undefined;
  readonly nested: NestedStages;
}

/** What a replay is judged by: of every destination of the user's, those that are switched off too. */
const replaySettings = ({
  archive,
  destinations,
  timing,
}: Pick<ResolvedConfig, 'archive' | 'destinations' | 'timing'>): Pick<ControlBundle, 'archive'> =>
  archive === undefined
    ? {}
    : {
        archive: {
          prefix: archive.prefix,
          ...(archive.days !== undefined && { days: archive.days }),
          functionTime: timing.deliverTimeout,
          destinations: destinations
            .filter(({ id }) => id !== ARCHIVE && id !== CANARY)
            .map(({ id, sources, integration, consentManagement, filter }) => ({
              id,
              ...(sources && { sources }),
              ...(integration && { integration }),
              ...(consentManagement && { consentManagement }),
              ...(filter && { filter }),
            })),
        },
      };

/**
 * Control brings what runs in line with the stages' modes, once a minute and whenever a mode changes; and it carries out
 * what operators ask. It is level-triggered: a run that is lost is made up for by the next, and two in parallel do no harm.
 */
export class Control extends Construct {
  readonly function: SluiceFunction;
  readonly schedule: Rule;

  readonly #aliases: OperatorAliases;
  readonly #pipeline: string;

  /** @throws ConfigError when the stages have no room in the environment */
  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    const { context, config, tables, flipTopic, stages, archive, canaryKey, nested } = props;
    countConditions(this, nested);
    this.#pipeline = context.pipeline;
    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: 'control',
      name: 'control',
      description: "brings the pipeline in line with its stages' modes",
      config: {
        stages: stages.map(({ stage, ...bounds }) => ({ id: stage.stage, ...bounds })),
        degradedMode: config.degradedMode,
        sources: config.sources.map(({ id, orderBy }) => ({ id, orderBy })),
        ...(config.records.retention !== undefined && { records: { retention: config.records.retention } }),
        ...replaySettings(config),
        ...(canaryKey !== undefined && { canary: { writeKey: canaryKey } }),
      } satisfies Omit<ControlBundle, 'codeVersion'>,
      // All clients of AWS take 100 MB and more. A replay reads files: processor time comes with memory.
      memorySize: config.archive === undefined ? 256 : 1024,
      timeout: Duration.seconds(30),
      environment: {
        ...flipTopic.environment,
        [ENV.stackName]: context.stackName,
        ...stagesEnvironment(
          stages.map(({ stage }) => stage),
          context,
        ),
      },
      asyncRetries: 0,
    });
    this.#aliases = new OperatorAliases(this, 'Aliases', this.function);
    tables.connectControl(this.function);
    flipTopic.grantPublish(this.function);
    grantStages(
      this.function,
      stages.map(({ stage }) => stage),
      nested,
    );
    grantWork(this.function, context);
    archive?.connectControl(this.function);
    this.#listen(flipTopic);
    this.schedule = new Rule(this, 'Schedule', {
      description: 'Sluice: runs control every minute',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaTarget(this.function.lambda, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      ],
    });
    Validations.of(this.schedule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'The next minute makes up for a lost run; one that is run late does nothing more.',
    });
  }

  #listen(flipTopic: FlipTopic): void {
    const subscription = flipTopic.addSubscription(new LambdaSubscription(this.function.lambda));
    Validations.of(subscription).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason: 'What control does on a change of mode it does each minute anyway, from what is stored.',
    });
  }

  /** Control records the canary's pages, so that a check sees that one arrives. It is given all pages, and looks at no other. */
  hearPages(topic: Topic): void {
    const subscription = topic.addSubscription(new LambdaSubscription(this.function.lambda));
    Validations.of(subscription).acknowledge({
      id: 'Serverless-SNSRedrivePolicy',
      reason:
        'A page that is not recorded fails the check that waits for it, and is delivered to the pagers anyway.',
    });
  }

  /**
   * Lets people and programs see the state of the pipeline with `npx sluice`: modes, keys, reasons, dry runs. No event's content is shown
   * beyond what errors and answers quote, and nothing is changed. `lambda:InvokeFunction` on the function itself, without an alias,
   * is more than the three grants together: it is everything, the schedule's and CloudFormation's events among it.
   */
  grantRead(grantee: IGrantable): Grant {
    return this.#aliases.grant('read', grantee);
  }

  /** What `grantRead` does, and showing the content of parked and rejected events. */
  grantContent(grantee: IGrantable): Grant {
    return this.#aliases.grant('content', grantee);
  }

  /** What `grantRead` does, and every command that changes something: not content, which `grantContent` gives in addition. */
  grantOperate(grantee: IGrantable): Grant {
    return this.#aliases.grant('operate', grantee);
  }

  /** Control's runs. @default - sum over 1 minute */
  metricHeartbeat(options?: MetricOptions): Metric {
    return this.#metric(METRICS.heartbeat, { statistic: 'Sum', period: Duration.minutes(1), ...options });
  }

  /** Users whose events are parked, in all stages. @default - maximum over 5 minutes */
  metricParkedKeys(options?: MetricOptions): Metric {
    return this.#metric(METRICS.parkedKeys, options);
  }

  /** Seconds since the user that is parked longest was parked. @default - maximum over 5 minutes */
  metricOldestParkedAge(options?: MetricOptions): Metric {
    return this.#metric(METRICS.oldestParkedAge, options);
  }

  /** Stages that are normal and have parked many users within `degradedMode.window`. @default - maximum over 5 minutes */
  metricUsersParked(options?: MetricOptions): Metric {
    return this.#metric(METRICS.usersParked, options);
  }

  /** Stages that are normal although two probes in a row failed. @default - maximum over 5 minutes */
  metricProbesFailing(options?: MetricOptions): Metric {
    return this.#metric(METRICS.probesFailing, options);
  }

  /** Messages in the longest queue of a stage. @default - maximum over 5 minutes */
  metricQueueBacklog(options?: MetricOptions): Metric {
    return this.#metric(METRICS.queueBacklog, options);
  }

  /** About how many messages of a queue are of one user: the most of all stages. @default - maximum over 5 minutes */
  metricKeyBacklog(options?: MetricOptions): Metric {
    return this.#metric(METRICS.keyBacklog, options);
  }

  /**
   * Records that nobody has seen and that will be deleted within the warning period; with `records.retention` alone.
   * @default - maximum over 5 minutes
   */
  metricRecordsExpiring(options?: MetricOptions): Metric {
    return this.#metric(METRICS.recordsExpiring, options);
  }

  /** Those of them that go within the last third of the period. @default - maximum over 5 minutes */
  metricRecordsExpiringSoon(options?: MetricOptions): Metric {
    return this.#metric(METRICS.recordsExpiringSoon, options);
  }

  /** Days since `npx sluice verify --drill` last passed; nothing before the first. It needs the canary. @default - maximum over 5 minutes */
  metricDaysSinceDrill(options?: MetricOptions): Metric {
    return this.#metric(METRICS.daysSinceDrill, options);
  }

  #metric(metricName: string, options?: MetricOptions): Metric {
    return new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { [METRICS.pipeline]: this.#pipeline },
      statistic: 'Maximum',
      ...options,
    });
  }
}
