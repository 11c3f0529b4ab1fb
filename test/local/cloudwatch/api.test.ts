/** CloudWatch's PutMetricData, by the SDK's own client. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CloudWatchClient, PutMetricDataCommand, type MetricDatum } from '@aws-sdk/client-cloudwatch';
import type { Datum } from '../../../local/cloudwatch/metric-store.ts';
import type { Listening } from '../../../local/common/http.ts';
import { clientOptions, startTestApi } from '../run/test-api.ts';

let api: Listening;
let cloudWatch: CloudWatchClient;
let taken: Datum[];

beforeAll(async () => {
  api = await startTestApi({ putMetric: (datum) => taken.push(datum) });
  cloudWatch = new CloudWatchClient(clientOptions(api));
});
afterAll(async () => {
  cloudWatch.destroy();
  await api.close();
});
beforeEach(() => {
  taken = [];
});

const put = (...MetricData: MetricDatum[]) =>
  cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Sluice', MetricData }));

it('takes values with their time, their dimensions and their resolution', async () => {
  const at = Date.UTC(2026, 10, 22, 12, 0, 0, 250);
  await put({
    MetricName: 'DegradedMode',
    Value: 1,
    Unit: 'None',
    Timestamp: new Date(at),
    StorageResolution: 1,
    Dimensions: [
      { Name: 'Pipeline', Value: 'p' },
      { Name: 'Stage', Value: 'router' },
    ],
  });
  expect(taken).toEqual([
    {
      namespace: 'Sluice',
      name: 'DegradedMode',
      dimensions: { Pipeline: 'p', Stage: 'router' },
      at,
      statistics: { count: 1, sum: 1, min: 1, max: 1 },
      highResolution: true,
    },
  ]);
});

it('accepts several values, and statistics that the client has computed', async () => {
  await put(
    { MetricName: 'a', Values: [1, 5], Counts: [3, 1] },
    { MetricName: 'b', StatisticValues: { SampleCount: 4, Sum: 10, Minimum: 1, Maximum: 4 } },
  );
  expect(taken.map(({ name, statistics }) => [name, statistics])).toEqual([
    ['a', { count: 4, sum: 8, min: 1, max: 5 }],
    ['b', { count: 4, sum: 10, min: 1, max: 4 }],
  ]);
});

it('takes what the client compresses because it is large', async () => {
  const data = Array.from({ length: 500 }, (_, i) => ({ MetricName: `metric-${i}`, Value: i }));
  await put(...data);
  expect(taken.map(({ name }) => name)).toEqual(data.map(({ MetricName }) => MetricName));
});

it('refuses a metric without a value, and with it the whole call', async () => {
  await expect(put({ MetricName: 'a', Value: 1 }, { MetricName: 'b' })).rejects.toThrow(
    'the metric b has no value',
  );
  expect(taken).toEqual([]);
});
