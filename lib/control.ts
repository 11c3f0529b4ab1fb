import { Duration, Fn, Stack, Validations } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { alignedList } from '../contract/aligned-list.ts';
import type { ControlBundle } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import type { ResolvedConfig } from '../config/index.ts';
import { METRICS } from '../contract/metrics.ts';
import { PIPELINE_TAG, type PipelineSettings } from './context.ts';
import type { FlipTopic } from './flip-topic.ts';
import { SluiceFunction } from './function.ts';
import { OperatorAliases } from './operator-aliases.ts';
import type { PipelineStage } from './stage.ts';
import type { Tables } from './tables.ts';

/**
 * By what the CDK judges how many statements a policy of a role holds; it does not count the ARNs in conditions, which each mapping's
 * statement has one of. More than the longest ARN, so that they are counted with the resources.
 */
const ARN_SIZE = '@aws-cdk/aws-iam.arnSizeEstimate';
const ARN_SIZE_BYTES = 260;

/** A stage as control sees it. */
export interface ControlledStage {
  readonly maxConcurrency: number;
  readonly stage: PipelineStage;
}

export interface ControlProps {
  readonly context: PipelineSettings;
  readonly config: Pick<ResolvedConfig, 'degradedMode' | 'sources' | 'records'>;
  readonly tables: Tables;
  readonly flipTopic: FlipTopic;
  /** The router's first. */
  readonly stages: readonly ControlledStage[];
  /** The write key of the canary's source. @default - there is no canary */
  readonly canaryKey?: string | undefined;
}

/**
 * Control brings what runs in line with the stages' modes, once a minute and whenever a mode changes; and it carries out
 * what operators ask. It is level-triggered: a run that is lost is made up for by the next, and two in parallel do no harm.
 */
export class Control extends Construct {
  readonly function: SluiceFunction;
  readonly schedule: Rule;

  readonly #aliases: OperatorAliases;
  readonly #pipeline: string;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    const { context, config, tables, flipTopic, stages, canaryKey } = props;
    this.node.setContext(ARN_SIZE, ARN_SIZE_BYTES);
    this.#pipeline = context.pipeline;
    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: 'control',
      name: 'control',
      description: "brings the pipeline in line with its stages' modes",
      config: {
        stages: stages.map(({ stage, maxConcurrency }) => ({ id: stage.stage, maxConcurrency })),
        degradedMode: config.degradedMode,
        sources: config.sources.map(({ id, orderBy }) => ({ id, orderBy })),
        ...(config.records.retention !== undefined && { records: { retention: config.records.retention } }),
        ...(canaryKey !== undefined && { canary: { writeKey: canaryKey } }),
      } satisfies Omit<ControlBundle, 'codeVersion'>,
      // All clients of AWS take 100 MB and more.
      memorySize: 256,
      timeout: Duration.seconds(30),
      environment: {
        ...flipTopic.environment,
        [ENV.stackName]: context.stackName,
        [ENV.mappingIds]: alignedList(
          stages.map(({ stage }) => stage.stage),
          stages.map(({ stage }) => stage.mapping.eventSourceMappingId),
        ),
        ...(stages[0] === undefined ? {} : { [ENV.queuesUrl]: queuesUrl(stages[0].stage) }),
      },
      asyncRetries: 0,
    });
    this.#aliases = new OperatorAliases(this, 'Aliases', this.function);
    tables.connectControl(this.function);
    flipTopic.grantPublish(this.function);
    this.#grantStages(stages.map(({ stage }) => stage));
    this.#grantCounts(context);
    this.#grantMetrics();
    this.#grantAlarms(context);
    this.#acknowledgeWide();
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

  /** Switching stages off and on, probing them, starting drains, and sending rejected events again. */
  #grantStages(stages: readonly PipelineStage[]): void {
    for (const stage of stages) {
      const mapping = [stage.mapping.eventSourceMappingArn];
      this.function.allow(['lambda:GetEventSourceMapping'], mapping);
      // An update may name another function.
      this.function.allow(['lambda:UpdateEventSourceMapping'], mapping, {
        ArnEquals: { 'lambda:FunctionArn': stage.function.lambda.functionArn },
      });
      stage.grantInvoke(this.function);
      stage.grantSend(this.function);
    }
  }

  /** By the tag, and not by name: the queues of removed destinations are in no template any more, but still count. */
  #grantCounts({ pipeline }: PipelineSettings): void {
    const { partition, region, account } = Stack.of(this);
    this.function.allow(['sqs:GetQueueAttributes'], [`arn:${partition}:sqs:${region}:${account}:*`], {
      StringEquals: { [`aws:ResourceTag/${PIPELINE_TAG}`]: pipeline },
    });
  }

  #grantMetrics(): void {
    // CloudWatch knows no resources for it; the namespace is what it can be limited to.
    this.function.allow(['cloudwatch:PutMetricData'], ['*'], {
      StringEquals: { 'cloudwatch:namespace': METRICS.namespace },
    });
  }

  #acknowledgeWide(): void {
    Validations.of(this.function).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:*]',
        reason: "Limited to the queues that have the pipeline's tag, and to reading their attributes.",
      },
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason:
          "PutMetricData knows no resources; it is limited to Sluice's namespace. DescribeAlarms reads states, and is limited to none.",
      },
    );
  }

  /**
   * Resolving alarms that a deployment removes: a custom resource, which control's function answers. By the beginning of their names:
   * the template no longer has those that are removed.
   */
  #grantAlarms({ pipeline }: PipelineSettings): void {
    const { partition, region, account } = Stack.of(this);
    const alarms = `:cloudwatch:${region}:${account}:alarm:${pipeline}:*`;
    this.function.allow(
      ['cloudwatch:SetAlarmState', 'cloudwatch:DisableAlarmActions', 'cloudwatch:EnableAlarmActions'],
      [`arn:${partition}${alarms}`],
    );
    this.function.allow(['cloudwatch:DescribeAlarms'], ['*']);
    Validations.of(this.function).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:${pipeline}:*]`,
      reason: "Limited to the pipeline's own alarms, whose names begin with its own.",
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

/** `https://sqs.<region>.amazonaws.com/<account>/`, made from a queue's own URL so that it holds for every endpoint. */
const queuesUrl = ({ queue }: PipelineStage): string => {
  const part = (i: number): string => Fn.select(i, Fn.split('/', queue.queueUrl));
  return Fn.join('/', [part(0), '', part(2), part(3), '']);
};
