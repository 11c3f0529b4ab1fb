import { PutMetricDataCommand, type CloudWatchClient, type StandardUnit } from '@aws-sdk/client-cloudwatch';
import { METRICS } from '../../contract/metrics.ts';
import { orFault } from './errors.ts';

/** CloudWatch's limit for one call. */
const MAX_DATA = 1000;

export interface MetricDatum {
  readonly name: string;
  readonly value: number;
  readonly unit?: StandardUnit;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Seconds: 1 makes it a high-resolution metric. */
  readonly resolution: 1 | 60;
}

/** Metrics whose time matters: unlike those in the log they arrive immediately. */
export class CloudWatchMetrics {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  /** @throws InfraFault; some of them may have been taken anyway */
  async put(data: readonly MetricDatum[]): Promise<void> {
    for (let i = 0; i < data.length; i += MAX_DATA) {
      const command = new PutMetricDataCommand({
        Namespace: METRICS.namespace,
        MetricData: data.slice(i, i + MAX_DATA).map(({ name, value, unit, dimensions, at, resolution }) => ({
          MetricName: name,
          Value: value,
          Unit: unit ?? 'None',
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          Timestamp: new Date(at),
          StorageResolution: resolution,
        })),
      });
      await orFault('PutMetricData', this.#client.send(command));
    }
  }
}

/** The same in the log, where they cost next to nothing, and arrive with it: within seconds, as a rule. */
export class LoggedMetrics {
  put(data: readonly MetricDatum[]): Promise<void> {
    for (const datum of data) writeDatum(datum);
    return Promise.resolve();
  }
}

/** Source: CloudWatch, "Embedded metric format specification". */
const writeDatum = ({ name, value, unit = 'None', dimensions, at, resolution }: MetricDatum): void => {
  const metric = { Name: name, Unit: unit, StorageResolution: resolution };
  const directive = {
    Namespace: METRICS.namespace,
    Dimensions: [Object.keys(dimensions)],
    Metrics: [metric],
  };
  const line = { _aws: { Timestamp: at, CloudWatchMetrics: [directive] }, ...dimensions, [name]: value };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
