/** An alarm of the template, read and checked: `AWS::CloudWatch::Alarm`. */
import * as v from 'valibot';
import { COMPARISONS, type AlarmRule, type Comparison, type TreatMissing } from './evaluation.ts';
import { parseExpression, type Expression, type Series } from './expression.ts';
import type { MetricId, Statistics } from './metric-store.ts';

export const STATISTICS = {
  Sum: ({ sum }: Statistics) => sum,
  Minimum: ({ min }: Statistics) => min,
  Maximum: ({ max }: Statistics) => max,
  Average: ({ sum, count }: Statistics) => sum / count,
  SampleCount: ({ count }: Statistics) => count,
} as const;
export type Statistic = keyof typeof STATISTICS;

/** A metric of standard resolution, read with a statistic; or a calculation with others. */
export type Query = { readonly id: string; readonly label: string | undefined } & (
  | { readonly kind: 'metric'; readonly metric: MetricId; readonly statistic: Statistic }
  | { readonly kind: 'expression'; readonly expression: Expression }
);

export interface AlarmSpec extends AlarmRule {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly actionsEnabled: boolean;
  /** ARNs of topics. */
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  /** Milliseconds. */
  readonly period: number;
  /** Whatever an expression names stands before it. */
  readonly queries: readonly Query[];
  /** The id of the query that is compared with the threshold. */
  readonly returned: string;
}

/** CloudWatch's limit on what an alarm looks at; also what the local run keeps. */
const DAY_SECONDS = 86_400;
/** How long the local run keeps values by the second. */
const HOUR_SECONDS = 3_600;

const names = <T extends string>(record: Readonly<Record<T, unknown>>): readonly T[] =>
  Object.keys(record) as T[];

const statistic = v.picklist(
  names(STATISTICS),
  'the local run knows Sum, Minimum, Maximum, Average and SampleCount',
);
const dimensions = v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []);
const metric = { Namespace: v.string(), MetricName: v.string(), Dimensions: dimensions };
/** CloudFormation takes numbers as text, too. */
const number = v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.number());
const period = v.pipe(
  number,
  v.check(
    (value) => [10, 20, 30].includes(value) || value % 60 === 0,
    'is not 10, 20, 30 or a multiple of 60',
  ),
);
const actions = v.optional(v.array(v.string()), []);

const query = v.object({
  Id: v.string(),
  Label: v.optional(v.string()),
  Expression: v.optional(v.string()),
  MetricStat: v.optional(v.object({ Metric: v.object(metric), Period: period, Stat: statistic })),
  Period: v.optional(period),
  ReturnData: v.optional(v.boolean()),
});

const schema = v.object({
  AlarmDescription: v.optional(v.string(), ''),
  ActionsEnabled: v.optional(v.boolean(), true),
  AlarmActions: actions,
  OKActions: actions,
  InsufficientDataActions: actions,
  ComparisonOperator: v.picklist(names(COMPARISONS) satisfies readonly Comparison[]),
  Threshold: number,
  EvaluationPeriods: number,
  DatapointsToAlarm: v.optional(number),
  TreatMissingData: v.optional(
    v.picklist(['missing', 'ignore', 'breaching', 'notBreaching'] satisfies readonly TreatMissing[]),
    'missing',
  ),
  Namespace: v.optional(v.string()),
  MetricName: v.optional(v.string()),
  Dimensions: dimensions,
  Period: v.optional(period),
  Statistic: v.optional(statistic),
  ExtendedStatistic: v.optional(v.never('the local run keeps no percentiles')),
  Metrics: v.optional(v.array(query)),
});
type Properties = v.InferOutput<typeof schema>;

const toMetric = (given: v.InferOutput<typeof query>['MetricStat'] & {}): MetricId => ({
  namespace: given.Metric.Namespace,
  name: given.Metric.MetricName,
  dimensions: Object.fromEntries(given.Metric.Dimensions.map(({ Name, Value }) => [Name, Value])),
});

const toQueries = (properties: Properties): readonly v.InferOutput<typeof query>[] => {
  const { Metrics, Namespace, MetricName, Dimensions, Period, Statistic: Stat } = properties;
  if (Metrics !== undefined) return Metrics;
  if (Namespace === undefined || MetricName === undefined || Period === undefined || Stat === undefined) {
    throw new Error('it needs Metrics, or Namespace, MetricName, Statistic and Period');
  }
  const stat = { Metric: { Namespace, MetricName, Dimensions }, Period, Stat };
  return [{ Id: 'm1', MetricStat: stat }];
};

/** Metrics first, then expressions, each after those that it names. */
const inOrder = (queries: readonly Query[]): readonly Query[] => {
  const done: Query[] = queries.filter(({ kind }) => kind === 'metric');
  let left = queries.filter(({ kind }) => kind === 'expression');
  while (left.length > 0) {
    const isReady = (one: Query): boolean =>
      one.kind === 'metric' || one.expression.names.every((name) => done.some(({ id }) => id === name));
    const ready = left.filter(isReady);
    if (ready.length === 0) throw new Error(`${left.map(({ id }) => id).join(', ')} name what there is not`);
    done.push(...ready);
    left = left.filter((one) => !ready.includes(one));
  }
  return done;
};

/**
 * The values of all queries, by id.
 * @param valuesOf a metric's; as many for each
 */
export const calculate = (
  queries: readonly Query[],
  valuesOf: (query: Query & { kind: 'metric' }) => Series,
): ReadonlyMap<string, Series> => {
  const values = new Map<string, Series>();
  const metrics: Series[] = [];
  for (const query of queries) {
    if (query.kind === 'expression') {
      values.set(query.id, query.expression.evaluate(values, metrics));
      continue;
    }
    const series = valuesOf(query);
    values.set(query.id, series);
    metrics.push(series);
  }
  return values;
};

/**
 * @param properties with all references resolved
 * @throws Error that names the alarm and what of it the local run does not know
 */
export const readAlarm = (
  { name, arn }: { readonly name: string; readonly arn: string },
  properties: unknown,
): AlarmSpec => {
  try {
    return toSpec(name, arn, properties);
  } catch (error) {
    throw new Error(`the alarm ${name}: ${(error as Error).message}`, { cause: error });
  }
};

const toSpec = (name: string, arn: string, properties: unknown): AlarmSpec => {
  const parsed = v.safeParse(schema, properties);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  const given = parsed.output;
  const queries = toQueries(given);
  const periods = [...new Set(queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []))];
  const [seconds] = periods;
  if (seconds === undefined || periods.length > 1)
    throw new Error('its metrics need one period, the same for all');
  const most = seconds < 60 ? HOUR_SECONDS : DAY_SECONDS;
  if (seconds * given.EvaluationPeriods > most) throw new Error(`it looks back further than ${most} seconds`);
  const returned = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (returned.length !== 1 || returned[0] === undefined)
    throw new Error('it needs one query with ReturnData');
  const ordered = inOrder(
    queries.map(({ Id, Label, Expression: text, MetricStat }): Query => {
      const common = { id: Id, label: Label };
      if (MetricStat !== undefined) {
        return { ...common, kind: 'metric', metric: toMetric(MetricStat), statistic: MetricStat.Stat };
      }
      return { ...common, kind: 'expression', expression: parseExpression(text ?? '') };
    }),
  );
  // What cannot be calculated should be said at the start, and not each second from then on.
  calculate(ordered, () => [undefined]);
  return {
    name,
    arn,
    description: given.AlarmDescription,
    actionsEnabled: given.ActionsEnabled,
    alarmActions: given.AlarmActions,
    okActions: given.OKActions,
    insufficientDataActions: given.InsufficientDataActions,
    comparison: given.ComparisonOperator,
    threshold: given.Threshold,
    evaluationPeriods: given.EvaluationPeriods,
    datapointsToAlarm: given.DatapointsToAlarm ?? given.EvaluationPeriods,
    treatMissing: given.TreatMissingData,
    period: seconds * 1000,
    queries: ordered,
    returned: returned[0].Id,
  };
};
