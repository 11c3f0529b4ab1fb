import { Duration, Tags, Validations } from 'aws-cdk-lib';
import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping, type EventSourceMappingProps } from 'aws-cdk-lib/aws-lambda';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { PIPELINE_TAG } from '../contract/tags.ts';
import { METRICS } from '../contract/metrics.ts';
import type { FlipTopic } from './flip-topic.ts';
import type { TransformSource } from './code.ts';
import { kept, nameOf, optional, wholeSeconds, type PipelineSettings } from './context.ts';
import { SluiceFunction } from './function.ts';
import type { PlanModule } from './plan-module.ts';
import type { Tables } from './tables.ts';

/** SQS's limit: nothing is kept there for longer, whatever happens. */
const RETENTION = Duration.days(14);

/**
 * A safety net: what crashes its stage is taken off the queue by the stage's own ledger, long before. A low count would
 * send good messages to the dead letters with the bad one, since the followers of a user share its receives.
 */
const MAX_RECEIVE_COUNT = 1000;

/** Lambda's maximum for a FIFO queue. */
const BATCH_SIZE = 10;

/**
 * MB of a stage's function, and of one that has a transform: a thread that used up its memory is replaced before all of it is free.
 *
 * Processor time comes with memory, so that work costs the same with any, and waiting costs in proportion; and mostly a stage waits, for
 * AWS and for its destination. Without a transform it has needed 134 MB at most, for ten messages of the largest size.
 */
const MEMORY = 256;
const MEMORY_WITH_TRANSFORM = 1024;

/** Taking in dead letters is rare, and must not take the concurrency of what is alive. Lambda's minimum. */
const INTAKE_CONCURRENCY = 2;

export interface PipelineStageProps {
  readonly context: PipelineSettings;
  readonly tables: Tables;
  readonly flipTopic: FlipTopic;
  /** Names the stage in metrics and commands: `router`, or the destination's id. */
  readonly stage: string;
  readonly handler: 'router' | 'deliver';
  /** Parts of the names, when the pipeline names things. */
  readonly queueName: string;
  /** Whole names of its queues. @default - CloudFormation's, or made of `queueName` when the pipeline names things */
  readonly queueNames?: { readonly queue: string; readonly deadLetterQueue: string } | undefined;
  readonly functionName: string;
  readonly description: string;
  /** What the function's `bundle.json` says, the code version left out. */
  readonly config: object;
  /** The user's code that the stage runs. @default - none */
  readonly transform?: TransformSource | undefined;
  /** The validators of tracking plans. @default - none */
  readonly plans?: PlanModule | undefined;
  /** Names of the secrets that the stage's function may read. @default - none */
  readonly secrets?: readonly string[];
  /** The function's hard timeout; milliseconds. */
  readonly timeout: number;
  /** How long a received message is hidden; milliseconds. At least 6 times the timeout is used. */
  readonly visibility: number;
  /** How many functions run concurrently, in normal mode. */
  readonly maxConcurrency: number;
  /** @default - none besides those that every stage has */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A FIFO queue, its dead-letter queue, the function that reads both, and the mappings between them.
 *
 * The queue keeps the order of each message group. It is encrypted by SQS's own key, so that accepting an event does not
 * need KMS.
 */
export class PipelineStage extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly function: SluiceFunction;
  /** Of the queue. Control switches it off and on. */
  readonly mapping: EventSourceMapping;
  /** Of the dead-letter queue: what SQS gave up on is parked in every mode, so it is never switched off. */
  readonly deadLetterMapping: EventSourceMapping;
  /** `router`, or the destination's id. */
  readonly stage: string;
  /** The queue's; a text where it is known before the queue is made. */
  readonly queueName: string;

  readonly #pipeline: string;

  /** @throws ConfigError when the transform cannot be bundled, or does not load */
  constructor(scope: Construct, id: string, props: PipelineStageProps) {
    super(scope, id);
    const { context, tables, flipTopic, queueName, queueNames } = props;
    this.stage = props.stage;
    this.#pipeline = context.pipeline;
    const timeout = wholeSeconds(props.timeout);
    const visibility = Math.max(wholeSeconds(props.visibility), 6 * timeout);

    const nameFor = (part: string): string | undefined => nameOf(context, `${part}.fifo`);
    this.deadLetterQueue = this.#fifo('DeadLetterQueue', context, {
      ...optional('queueName', queueNames?.deadLetterQueue ?? nameFor(`${queueName}-dead-letters`)),
      visibilityTimeout: Duration.seconds(visibility),
    });
    this.queue = this.#fifo('Queue', context, {
      ...optional('queueName', queueNames?.queue ?? nameFor(queueName)),
      visibilityTimeout: Duration.seconds(visibility),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });
    this.queueName = queueNames?.queue ?? this.queue.queueName;

    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: props.handler,
      name: props.functionName,
      description: props.description,
      config: props.config,
      transform: props.transform,
      plans: props.plans,
      memorySize: props.transform === undefined ? MEMORY : MEMORY_WITH_TRANSFORM,
      timeout: Duration.seconds(timeout),
      environment: {
        [ENV.stageQueueUrl]: this.queue.queueUrl,
        [ENV.deadLetterQueueArn]: this.deadLetterQueue.queueArn,
        [ENV.stackName]: context.stackName,
        ...flipTopic.environment,
        ...props.environment,
      },
      // Control starts drains asynchronously, and again in the next minute.
      asyncRetries: 0,
    });
    this.#allowReceiving(this.queue, this.deadLetterQueue);
    tables.connectStage(this.function, this.stage);
    flipTopic.grantPublish(this.function);
    this.function.allowSecrets(props.secrets ?? []);
    // A drain worker that runs out of time starts its successor.
    this.function.allowItself(`${context.pipeline}/${props.stage}`);

    // `enabled` stays unset on purpose: control switches the mapping off and on, and a deployment must not.
    this.mapping = this.#map('Mapping', this.queue, { maxConcurrency: props.maxConcurrency });
    this.deadLetterMapping = this.#map('DeadLetterMapping', this.deadLetterQueue, {
      maxConcurrency: INTAKE_CONCURRENCY,
      enabled: true,
    });
    this.#acknowledge();
  }

  #acknowledge(): void {
    Validations.of(this.deadLetterQueue).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'It is the dead-letter queue itself.',
    });
    for (const mapping of [this.mapping, this.deadLetterMapping]) {
      Validations.of(mapping).acknowledge({
        id: 'Serverless-LambdaEventSourceMappingDestination',
        reason:
          'Failure destinations of a mapping are for streams. What fails here stays in the queue, so that its order is ' +
          'kept, until it is done or parked.',
      });
    }
  }

  #map(
    id: string,
    queue: Queue,
    props: Pick<EventSourceMappingProps, 'maxConcurrency' | 'enabled'>,
  ): EventSourceMapping {
    return new EventSourceMapping(this, id, {
      ...props,
      target: this.function.lambda,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
    });
  }

  #fifo(
    id: string,
    context: PipelineSettings,
    props: Pick<QueueProps, 'queueName' | 'visibilityTimeout' | 'deadLetterQueue'>,
  ): Queue {
    const queue = new Queue(this, id, {
      ...props,
      fifo: true,
      // High throughput: each message group has its own share, and its own deduplication.
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      removalPolicy: kept(context.removalPolicy),
    });
    Tags.of(queue).add(PIPELINE_TAG, context.pipeline);
    return queue;
  }

  #allowReceiving(...queues: readonly Queue[]): void {
    this.function.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
      queues.map(({ queueArn }) => queueArn),
    );
  }

  /** Sending to the stage's queue. */
  grantSend(grantee: SluiceFunction): void {
    grantee.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /** Invoking the stage's function: probes and drains. */
  grantInvoke(grantee: SluiceFunction): void {
    grantee.allow(['lambda:InvokeFunction'], [this.function.lambda.functionArn]);
  }

  /** 1 unless the stage's mode is normal; kept by the second. @default - maximum over 10 seconds */
  metricDegradedMode(options?: MetricOptions): Metric {
    return this.#metric(METRICS.degradedMode, { period: Duration.seconds(10), ...options });
  }

  /** Users whose events are parked. @default - maximum over 5 minutes */
  metricParkedKeys(options?: MetricOptions): Metric {
    return this.#metric(METRICS.parkedKeys, options);
  }

  /** Seconds since the user that is parked longest was parked. @default - maximum over 5 minutes */
  metricOldestParkedAge(options?: MetricOptions): Metric {
    return this.#metric(METRICS.oldestParkedAge, options);
  }

  #metric(metricName: string, options?: MetricOptions): Metric {
    return new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { [METRICS.pipeline]: this.#pipeline, [METRICS.stage]: this.stage },
      statistic: 'Maximum',
      ...options,
    });
  }

  /** Messages that wait to be received. @default - maximum over 5 minutes */
  metricBacklog(options?: MetricOptions): Metric {
    return this.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', ...options });
  }

  /** Messages that were put into the queue: for the router's, what was accepted. @default - sum over 5 minutes */
  metricMessagesSent(options?: MetricOptions): Metric {
    return this.queue.metricNumberOfMessagesSent({ statistic: 'Sum', ...options });
  }

  /** Messages that SQS itself gave up on, and that the stage has not parked yet. @default - maximum over 5 minutes */
  metricDeadLetters(options?: MetricOptions): Metric {
    return this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      ...options,
    });
  }
}
