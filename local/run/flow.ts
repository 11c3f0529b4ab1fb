/** The events' flow, as the console's chart shows it, from what the functions and the queues have measured. */
import { METRICS } from '../../contract/metrics.ts';
import type { FlowSeries } from '../console/contract.ts';
import type { MetricPoint, MetricQuery, MetricSeries, MetricStore } from '../cloudwatch/metric-store.ts';

/** Whole seconds, so that about this many intervals fill the chart. */
const INTERVALS = 180;
const HOUR = 3_600_000;
const MINUTE = 60_000;

const stepFor = (span: number): number => {
  const unit = span > HOUR ? MINUTE : 1_000;
  return Math.max(unit, Math.ceil(span / INTERVALS / unit) * unit);
};

/** A metric may be there by stage and also by pipeline; the finest are all of it, once. */
const finest = (all: readonly MetricSeries[]): readonly MetricSeries[] => {
  const depth = ({ dimensions }: MetricSeries): number => Object.keys(dimensions).length;
  const most = Math.max(0, ...all.map(depth));
  return all.filter((series) => depth(series) === most);
};

/**
 * @param from milliseconds since 1970
 * @param queueNames the queues whose messages are the backlog
 */
export const flowSince = (
  store: Pick<MetricStore, 'query'>,
  from: number,
  queueNames: readonly string[],
  now: number,
): FlowSeries => {
  const step = stepFor(now - from);
  const first = Math.floor(from / step) * step;
  // The interval that has not ended would look like a drop.
  const at = Array.from(
    { length: Math.max(0, Math.floor((now - first) / step)) },
    (_, i) => first + i * step,
  );
  const range = { from: first, to: first + at.length * step, step };
  const add = (series: readonly MetricSeries[], valueOf: (point: MetricPoint) => number) => {
    const sums = new Map<number, number>();
    for (const point of series.flatMap(({ points }) => points)) {
      sums.set(point.at, (sums.get(point.at) ?? 0) + valueOf(point));
    }
    return sums;
  };
  const query = (metric: Pick<MetricQuery, 'namespace' | 'name'>) => store.query({ ...range, ...metric });
  const queues = ['ApproximateNumberOfMessagesVisible', 'ApproximateNumberOfMessagesNotVisible']
    .flatMap((name) => query({ namespace: 'AWS/SQS', name }))
    .filter(({ dimensions }) => queueNames.includes(dimensions['QueueName'] ?? ''));
  const backlog = add(queues, ({ sum, count }) => sum / count);
  const counted = (name: string): readonly (number | null)[] => {
    const sums = add(finest(query({ namespace: METRICS.namespace, name })), ({ sum }) => sum);
    // Where the queues were looked at the run was there to count; no count then means none.
    return at.map((start) => sums.get(start) ?? (backlog.has(start) ? 0 : null));
  };
  return {
    step,
    at,
    accepted: counted('EventsAccepted'),
    delivered: counted('EventsDelivered'),
    backlog: at.map((start) => {
      const messages = backlog.get(start);
      return messages === undefined ? null : Math.round(messages);
    }),
  };
};
