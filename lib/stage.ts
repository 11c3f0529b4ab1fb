import { Duration, Validations } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
} from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../config/environment.ts';
import type { TransformSource } from './code.ts';
import { nameOf, optional, wholeSeconds, type PipelineContext } from './context.ts';
import { SluiceFunction } from './function.ts';
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

export interface PipelineStageProps {
  readonly context: PipelineContext;
  readonly tables: Tables;
  readonly handler: 'router' | 'deliver';
  /** Parts of the names, when the pipeline names things. */
  readonly queueName: string;
  readonly functionName: string;
  readonly description: string;
  /** What the function's `bundle.json` says, the code version left out. */
  readonly config: object;
  /** The user's code that the stage runs. @default - none */
  readonly transform?: TransformSource | undefined;
  /** The function's hard timeout; milliseconds. */
  readonly timeout: number;
  /** How long a received message is hidden; milliseconds. At least 6 times the timeout is used. */
  readonly visibility: number;
  /** How many functions run at once, in normal mode. */
  readonly maxConcurrency: number;
  /** @default - none besides those that every stage has */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * A FIFO queue, its dead-letter queue, the function that reads it, and the mapping between them.
 *
 * The queue keeps the order of each message group. It is encrypted by SQS's own key, so that accepting an event does not
 * need KMS.
 */
export class PipelineStage extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly function: SluiceFunction;
  readonly mapping: EventSourceMapping;

  /** @throws ConfigError when the transform cannot be bundled */
  constructor(scope: Construct, id: string, props: PipelineStageProps) {
    super(scope, id);
    const { context, tables, queueName } = props;
    const timeout = wholeSeconds(props.timeout);
    const visibility = Math.max(wholeSeconds(props.visibility), 6 * timeout);

    this.deadLetterQueue = this.#fifo('DeadLetterQueue', context, `${queueName}-dead-letters`, {
      visibilityTimeout: Duration.seconds(visibility),
    });
    this.queue = this.#fifo('Queue', context, queueName, {
      visibilityTimeout: Duration.seconds(visibility),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
    });

    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: props.handler,
      name: props.functionName,
      description: props.description,
      config: props.config,
      transform: props.transform,
      memorySize: 512,
      timeout: Duration.seconds(timeout),
      environment: {
        [ENV.stageQueueUrl]: this.queue.queueUrl,
        ...tables.environment,
        ...props.environment,
      },
    });
    this.#allowReceiving(this.queue);
    tables.grantWriteState(this.function);
    tables.grantReject(this.function);

    // `enabled` stays unset on purpose: control switches the mapping off and on, and a deployment must not.
    this.mapping = new EventSourceMapping(this, 'Mapping', {
      target: this.function.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: BATCH_SIZE,
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    this.#acknowledge();
  }

  #acknowledge(): void {
    Validations.of(this.deadLetterQueue).acknowledge({
      id: 'Serverless-SQSRedrivePolicy',
      reason: 'It is the dead-letter queue itself.',
    });
    Validations.of(this.mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'Failure destinations of a mapping are for streams. What fails here stays in the queue, so that its order is ' +
        'kept, and the queue has a redrive policy.',
    });
  }

  #fifo(
    id: string,
    context: PipelineContext,
    name: string,
    props: Pick<QueueProps, 'visibilityTimeout' | 'deadLetterQueue'>,
  ): Queue {
    return new Queue(this, id, {
      ...props,
      ...optional('queueName', nameOf(context, `${name}.fifo`)),
      fifo: true,
      // High throughput: each message group has its own share, and its own deduplication.
      fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      removalPolicy: context.removalPolicy,
    });
  }

  #allowReceiving(queue: Queue): void {
    this.function.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
      [queue.queueArn],
    );
  }

  /** Sending to the stage's queue. */
  grantSend(grantee: SluiceFunction): void {
    grantee.allow(['sqs:SendMessage'], [this.queue.queueArn]);
  }

  /** Messages that wait to be received. @default - maximum over 5 minutes */
  metricBacklog(options?: MetricOptions): Metric {
    return this.queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', ...options });
  }

  /** Messages that SQS itself gave up on; 0 unless the stage's own function never ran. @default - maximum over 5 minutes */
  metricDeadLetters(options?: MetricOptions): Metric {
    return this.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      ...options,
    });
  }
}
