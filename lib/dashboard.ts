/** The pipeline on one page of CloudWatch. */
import { Aws, Duration, Fn } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  MathExpression,
  TextWidget,
  type IMetric,
  type IWidget,
  type YAxisProps,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRICS } from '../contract/metrics.ts';
import type { PipelineSettings } from './context.ts';
import type { Control } from './control.ts';
import type { IngestApi } from './ingest-api.ts';
import type { Monitoring } from './monitoring.ts';
import type { PipelineStage } from './stage.ts';

export interface DashboardProps {
  readonly context: PipelineSettings;
  readonly ingest: IngestApi;
  readonly control: Control;
  readonly monitoring: Monitoring;
  /** The router's first. */
  readonly stages: readonly PipelineStage[];
}

/** CloudWatch's limit for one widget. */
const MAX_ALARMS = 100;
const HALF = 12;
const HEIGHT = 6;
const PERIOD = Duration.minutes(5);
const MINUTES_15 = 900;

const COUNT: YAxisProps = { label: 'in 5 minutes', showUnits: false, min: 0 };
const SECONDS: YAxisProps = { label: 'seconds', showUnits: false, min: 0 };
const NUMBER: YAxisProps = { showUnits: false, min: 0 };

/**
 * What a person looks at after the page: what comes in and goes out, what waits, which alarms are on, and which command shows more.
 *
 * Graphs of each source or destination are searches, not lists: a new destination is in them without a deployment of the dashboard, and a
 * hundred make it no larger.
 */
export class Dashboard extends Construct {
  readonly dashboard: CloudWatchDashboard;

  constructor(
    scope: Construct,
    id: string,
    { context, ingest, control, monitoring, stages }: DashboardProps,
  ) {
    super(scope, id);
    const { pipeline, stackName, runbookUrl } = context;
    /** Of each value of a dimension that has data. */
    const each = (
      metricName: string,
      dimension: 'Source' | 'Stage',
      statistic: 'Sum' | 'Maximum',
      label = '',
    ): IMetric =>
      new MathExpression({
        expression: `SEARCH('{${METRICS.namespace},${METRICS.pipeline},${dimension}} MetricName="${metricName}" ${METRICS.pipeline}="${pipeline}"', '${statistic}', ${PERIOD.toSeconds()})`,
        // It begins the name of each line, which CloudWatch ends with what tells the lines apart.
        label,
        usingMetrics: {},
        period: PERIOD,
      });
    const graph = (
      title: string,
      left: IMetric[],
      leftYAxis: YAxisProps,
      more: Partial<ConstructorParameters<typeof GraphWidget>[0]> = {},
    ): IWidget =>
      new GraphWidget({ title, left, leftYAxis, width: HALF, height: HEIGHT, period: PERIOD, ...more });

    this.dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      // Names are unique in an account, over all regions.
      dashboardName: Fn.join('-', [pipeline.replaceAll(/[^\w-]/g, '-'), Aws.REGION]),
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          new TextWidget({
            width: 2 * HALF,
            height: 2,
            markdown: [
              `**${pipeline}**: what is wrong, since when, and what happens next: \`npx sluice status --stack ${stackName}\``,
              `Who waits: \`npx sluice parked --stack ${stackName}\`. What to do: ${runbookUrl}`,
            ].join('\n\n'),
          }),
        ],
        alarmWidgets(monitoring),
        [
          graph('Events accepted, by source', [each('EventsAccepted', 'Source', 'Sum')], COUNT),
          graph('Events delivered, by destination', [each('EventsDelivered', 'Stage', 'Sum')], COUNT),
        ],
        [
          graph('Degraded mode, by stage', [each(METRICS.degradedMode, 'Stage', 'Maximum')], {
            ...NUMBER,
            max: 1,
          }),
          graph('Oldest event, by stage', [each(METRICS.oldestMessageAge, 'Stage', 'Maximum')], SECONDS, {
            leftAnnotations: [{ value: MINUTES_15, label: '15 minutes late' }],
          }),
        ],
        [
          graph('Users parked, by stage', [each(METRICS.parkedKeys, 'Stage', 'Maximum')], NUMBER),
          graph(
            'Messages in the longest queue',
            [control.metricQueueBacklog(), control.metricKeyBacklog()],
            NUMBER,
          ),
        ],
        [
          graph(
            'Rejected and refused',
            [
              each(METRICS.eventsRejected, 'Stage', 'Sum', 'rejected'),
              each('RequestsRefused', 'Source', 'Sum', 'refused'),
              each('RequestsLimited', 'Source', 'Sum', 'limited'),
              each('RequestsUnavailable', 'Source', 'Sum', 'unavailable'),
              monitoring.metricRequestsUnauthorized({ label: 'wrong write key' }),
            ],
            COUNT,
          ),
          graph(
            'Answers of ingest',
            [
              ingest.metricServerErrors({ label: '5xx', statistic: 'Sum' }),
              ingest.metricClientErrors({ label: '4xx', statistic: 'Sum' }),
            ],
            COUNT,
            {
              right: ['p50', 'p99'].map((statistic) => ingest.metricLatency({ label: statistic, statistic })),
              rightYAxis: { label: 'milliseconds', showUnits: false, min: 0 },
            },
          ),
        ],
        [
          graph(
            'Failures of functions',
            stages.map(({ stage, function: { lambda } }) => lambda.metricErrors({ label: stage })),
            COUNT,
          ),
          graph(
            'Functions that run',
            stages.map(({ stage, function: { lambda } }) =>
              lambda.metric('ConcurrentExecutions', { label: stage, statistic: 'Maximum' }),
            ),
            NUMBER,
          ),
        ],
      ],
    });
  }
}

const alarmWidgets = ({ alarms }: Monitoring): IWidget[] => {
  const all = [...alarms.values()];
  return Array.from(
    { length: Math.ceil(all.length / MAX_ALARMS) },
    (_, i) =>
      new AlarmStatusWidget({
        title: 'Alarms',
        alarms: all.slice(i * MAX_ALARMS, (i + 1) * MAX_ALARMS),
        width: 2 * HALF,
        height: HEIGHT - 2,
      }),
  );
};
