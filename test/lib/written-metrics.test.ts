/** CloudWatch accepts an alarm on a metric that is never written, and that alarm never fires. */
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { METRICS } from '../../contract/metrics.ts';
import { describeMetric, writtenByControl, writtenToLog } from '../support/written-metrics.ts';
import { minimal, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

interface MetricProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string }[];
}
interface AlarmProperties extends MetricProperties {
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: MetricProperties } }[];
}

/** Sluice's own metrics that the alarms of a template watch. */
const watchedBy = (template: Template): readonly string[] =>
  Object.values(template.findResources('AWS::CloudWatch::Alarm'))
    .map(({ Properties }: Record<string, unknown>) => Properties as AlarmProperties)
    .flatMap((alarm) => [
      alarm,
      ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
    ])
    .filter(({ Namespace }) => Namespace === METRICS.namespace)
    .map(({ MetricName = '', Dimensions = [] }) =>
      describeMetric(
        MetricName,
        Dimensions.map(({ Name }) => Name),
      ),
    );

/** Sluice's own metrics that a construct offers to its owner's dashboards and alarms, with its methods `metric...`. */
const offeredBy = (construct: Construct): readonly string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(construct)))
    .filter(([name]) => name.startsWith('metric'))
    .map(([, { value }]) => (value as () => unknown).call(construct))
    .filter((metric) => metric instanceof Metric)
    .filter(({ namespace }) => namespace === METRICS.namespace)
    .map(({ metricName, dimensions = {} }) => describeMetric(metricName, Object.keys(dimensions)));

let written: ReadonlySet<string>;

beforeAll(async () => {
  written = new Set([...(await writtenByControl()), ...writtenToLog()]);
});

const unwritten = (metrics: readonly string[]): readonly string[] =>
  [...new Set(metrics)].filter((metric) => !written.has(metric)).sort();

it('each metric that an alarm watches is written, with the dimensions that it watches', () => {
  const watched = watchedBy(
    synthesize({
      ...minimal,
      alerts: { emails: ['ops@example.com'] },
      records: { retention: '90 days' },
    }).template,
  );
  expect(watched).toContain('RecordsExpiring of Pipeline');
  expect(watched).toContain('EventsRejected of Pipeline');
  expect(watched).toContain('DegradedMode of Pipeline, Stage');
  expect(unwritten(watched)).toEqual([]);
});

it('each metric that a construct offers is written', () => {
  const { pipeline } = synthesize(minimal);
  const { control, monitoring, ingest, stages } = pipeline;
  const offered = [control, monitoring, ingest, ...stages].flatMap(offeredBy);
  expect(offered).toContain('ParkedKeys of Pipeline, Stage');
  expect(offered).toContain('LateCrashes of Pipeline');
  expect(unwritten(offered)).toEqual([]);
});

it('each metric of the contract is written', () => {
  const { namespace, pipeline, stage } = METRICS;
  const all = Object.values(METRICS).filter(
    (name) => ![namespace, pipeline, stage].some((no) => no === name),
  );
  const isWritten = (name: string): boolean =>
    [[pipeline], [pipeline, stage]].some((dimensions) => written.has(describeMetric(name, dimensions)));
  expect(all.filter((name) => !isWritten(name))).toEqual([]);
});

it('an alarm on a metric that is never written is found, and so is one on such dimensions', () => {
  const stack = new Stack();
  const watch = (metricName: string, dimensionsMap: Record<string, string>) =>
    new Metric({ namespace: METRICS.namespace, metricName, dimensionsMap }).createAlarm(stack, metricName, {
      threshold: 1,
      evaluationPeriods: 1,
    });
  watch('Nothing', { Pipeline: 'shop' });
  watch(METRICS.heartbeat, { Pipeline: 'shop', Stage: 'crm' });
  watch(METRICS.parkedKeys, { Pipeline: 'shop' });
  expect(unwritten(watchedBy(Template.fromStack(stack)))).toEqual([
    'Heartbeat of Pipeline, Stage',
    'Nothing of Pipeline',
  ]);
});
