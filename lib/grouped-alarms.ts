/** Alarms that watch a metric of each stage, function or queue together: there would be too many of them otherwise. */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { AlarmSpec } from './alarms.ts';
import type { SluiceFunction } from './function.ts';
import type { PipelineStage } from './stage.ts';

/** Metrics that an alarm can compare: CloudWatch's limit. */
const MAX_METRICS = 10;

/**
 * Specs for metrics of a kind, as many to an alarm as CloudWatch compares.
 * @param place of what they watch, in their titles. @default - the pipeline's own stack
 */
export const grouped = <T>(
  id: string,
  all: readonly T[],
  spec: (group: readonly T[], suffix: string) => AlarmSpec,
  place?: string,
): Record<string, AlarmSpec> => {
  const count = Math.ceil(all.length / MAX_METRICS);
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const group = all.slice(i * MAX_METRICS, (i + 1) * MAX_METRICS);
      const words = [place, i === 0 ? undefined : String(i + 1)].filter((word) => word !== undefined);
      const suffix = words.length === 0 ? '' : ` (${words.join(', ')})`;
      return [`${id}${i === 0 ? '' : i + 1}`, spec(group, suffix)];
    }),
  );
};

/** Over arrays, these functions leave out metrics that have no data. */
const combine = (how: 'MAX' | 'SUM', label: string, metrics: readonly Metric[]): MathExpression => {
  const usingMetrics = Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric]));
  return new MathExpression({
    expression: `${how}([${Object.keys(usingMetrics).join(',')}])`,
    usingMetrics,
    label,
    period: Duration.minutes(5),
  });
};

export const deadLetters = (stages: readonly PipelineStage[], suffix: string): AlarmSpec => ({
  title: `dead letters are not taken in${suffix}`,
  text: 'A dead-letter queue has had messages for 15 minutes; its stage should have parked them immediately. They are kept for 14 days.',
  section: 'dead-letters-are-not-taken-in',
  page: false,
  metric: combine(
    'MAX',
    'Dead letters',
    stages.map((stage) => stage.metricDeadLetters()),
  ),
  atLeast: 1,
  of: 3,
});

export const functionErrors = (functions: readonly SluiceFunction[], suffix: string): AlarmSpec => ({
  title: `functions fail${suffix}`,
  text: 'Functions ended in an error, in their timeout, or out of memory, again and again. What they had not finished is tried again.',
  section: 'functions-fail',
  page: false,
  metric: combine(
    'SUM',
    'Errors',
    functions.map((one) => one.metricErrors()),
  ),
  atLeast: 1,
  of: 3,
  bad: 2,
});

export const functionThrottles = (functions: readonly SluiceFunction[], suffix: string): AlarmSpec => ({
  title: `functions are throttled${suffix}`,
  text: "Lambda has refused to run functions for 15 minutes: the account's concurrency is used up. Events are delayed.",
  section: 'functions-are-throttled',
  page: false,
  metric: combine(
    'SUM',
    'Throttles',
    functions.map((one) => one.metricThrottles()),
  ),
  atLeast: 1,
  of: 3,
});

export const pagerFailures = (queues: readonly Queue[], suffix: string): AlarmSpec => ({
  title: `a pager cannot be reached${suffix}`,
  text: 'An alarm could not be delivered to PagerDuty, Splunk On-Call or a URL for an hour. A person was not notified.',
  section: 'a-pager-cannot-be-reached',
  page: true,
  metric: combine(
    'MAX',
    'Undelivered alarms',
    queues.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' })),
  ),
  atLeast: 1,
});
