/** What CloudWatch publishes to a topic when an alarm changes its state; pagers know it by these names. */
import { ACCOUNT } from '../template/physical.ts';
import type { AlarmSpec, Query } from './alarm-spec.ts';
import type { AlarmState } from './evaluation.ts';

const REGION_NAME = 'US East (N. Virginia)';

export interface StateChange {
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When the alarm was deployed as it is now; milliseconds since 1970. */
  readonly configuredAt: number;
}

export const subjectOf = ({ name }: AlarmSpec, { to }: StateChange): string =>
  // SNS's limit.
  `${to}: "${name}" in ${REGION_NAME}`.slice(0, 99);

const time = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');

const dimensionsOf = (dimensions: Readonly<Record<string, string>>): readonly object[] =>
  Object.entries(dimensions).map(([name, value]) => ({ value, name }));

const queryOf = (spec: AlarmSpec, query: Query): object => ({
  Id: query.id,
  ...(query.label === undefined ? {} : { Label: query.label }),
  ReturnData: query.id === spec.returned,
  ...(query.kind === 'expression'
    ? { Expression: query.expression.text }
    : {
        MetricStat: {
          Metric: {
            Dimensions: dimensionsOf(query.metric.dimensions),
            MetricName: query.metric.name,
            Namespace: query.metric.namespace,
          },
          Period: spec.period / 1000,
          Stat: query.statistic,
        },
      }),
});

const triggerOf = (spec: AlarmSpec): object => {
  const common = {
    Period: spec.period / 1000,
    EvaluationPeriods: spec.evaluationPeriods,
    DatapointsToAlarm: spec.datapointsToAlarm,
    ComparisonOperator: spec.comparison,
    Threshold: spec.threshold,
    TreatMissingData: spec.treatMissing,
    EvaluateLowSampleCountPercentile: '',
  };
  const [only, ...others] = spec.queries;
  if (only?.kind !== 'metric' || others.length > 0) {
    return { ...common, Metrics: spec.queries.map((query) => queryOf(spec, query)) };
  }
  return {
    MetricName: only.metric.name,
    Namespace: only.metric.namespace,
    StatisticType: 'Statistic',
    Statistic: only.statistic.toUpperCase(),
    Unit: null,
    Dimensions: dimensionsOf(only.metric.dimensions),
    ...common,
  };
};

export const messageOf = (spec: AlarmSpec, change: StateChange): string =>
  JSON.stringify({
    AlarmName: spec.name,
    AlarmDescription: spec.description,
    AWSAccountId: ACCOUNT,
    AlarmConfigurationUpdatedTimestamp: time(change.configuredAt),
    NewStateValue: change.to,
    NewStateReason: change.reason,
    StateChangeTime: time(change.at),
    Region: REGION_NAME,
    AlarmArn: spec.arn,
    OldStateValue: change.from,
    OKActions: spec.okActions,
    AlarmActions: spec.alarmActions,
    InsufficientDataActions: spec.insufficientDataActions,
    Trigger: triggerOf(spec),
  });
