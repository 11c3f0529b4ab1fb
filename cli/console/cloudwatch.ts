/** CloudWatch, with the credentials of who started the console. */
import {
  CloudWatchClient,
  paginateDescribeAlarms,
  paginateGetMetricData,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { METRICS } from '../../contract/metrics.ts';
import type { AlarmView } from '../../local/console/contract.ts';
import { awsFailure } from '../aws-errors.ts';
import type { configOf } from '../describe-stack.ts';
import type { Counts } from './flow.ts';
import type { CloudWatch } from './watch.ts';

const MINUTE_SECONDS = 60;

const calling = <Value>(action: string, call: () => Promise<Value>): Promise<Value> =>
  call().catch((error: unknown) => {
    throw awsFailure(error, { permission: `cloudwatch:${action}`, what: `cloudwatch:${action}` });
  });

const viewOf = ({
  AlarmName: name = '',
  StateValue: state = 'INSUFFICIENT_DATA',
  StateReason: reason = '',
  StateTransitionedTimestamp,
  StateUpdatedTimestamp,
}: MetricAlarm): AlarmView => ({
  name,
  state,
  since: (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime() ?? 0,
  reason,
});

/** Of all values of the dimension, as on the dashboard. */
const sumOf = (pipeline: string, metric: string, dimension: string): string =>
  `SUM(SEARCH('{${METRICS.namespace},${METRICS.pipeline},${dimension}} MetricName="${metric}" ${METRICS.pipeline}="${pipeline}"', 'Sum', ${MINUTE_SECONDS}))`;

export const awsCloudWatch = (config: ReturnType<typeof configOf>): CloudWatch => {
  const client = new CloudWatchClient(config);
  return {
    alarms: (pipeline) =>
      calling('DescribeAlarms', async () => {
        const views: AlarmView[] = [];
        // The template begins the names of the pipeline's alarms with its own.
        const input = { AlarmNamePrefix: `${pipeline}: `, MaxRecords: 100 };
        for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, input))
          views.push(...MetricAlarms.map(viewOf));
        return views;
      }),
    events: (pipeline, from, to) =>
      calling('GetMetricData', async () => {
        const counts = { accepted: new Map<number, number>(), delivered: new Map<number, number>() };
        const input = {
          StartTime: new Date(from),
          EndTime: new Date(to),
          MetricDataQueries: [
            { Id: 'accepted', Expression: sumOf(pipeline, 'EventsAccepted', 'Source') },
            { Id: 'delivered', Expression: sumOf(pipeline, 'EventsDelivered', METRICS.stage) },
          ],
        };
        for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input))
          for (const { Id, Timestamps = [], Values = [] } of MetricDataResults) {
            const into: Map<number, number> = Id === 'accepted' ? counts.accepted : counts.delivered;
            Timestamps.forEach((at, i) => into.set(at.getTime(), Values[i] ?? 0));
          }
        return counts satisfies Readonly<Record<string, Counts>>;
      }),
  };
};
