import { expect, it } from '@jest/globals';
import { callsOfEvents, costOfEvents, costOfIdle, sumOf } from '../../../tools/bench/calls/cost.ts';
import { readLog, since, type CallCount, type Counts } from '../../../tools/bench/calls/counts.ts';
import { DATES, PRICES } from '../../../tools/bench/calls/prices.ts';
import type { Billed } from '../../../tools/bench/calls/template.ts';

const BILLED: Billed = {
  functions: [
    { name: 'ingest', memoryMb: 1_024, isPolled: false },
    { name: 'router', memoryMb: 512, isPolled: true },
    { name: 'control', memoryMb: 256, isPolled: false },
  ],
  control: 'control',
  polledQueues: 4,
  alarmMetrics: 20,
  highResolutionAlarmMetrics: 2,
  compositeAlarms: 0,
  accessLogBytes: 500,
  logRetentionDays: 30,
  logsSuccesses: true,
};

const call = (
  functionName: string,
  service: string,
  operation: string,
  calls: number,
  more = {},
): CallCount => ({
  ...{ functionName, service, operation, calls, requests: calls, reads: 0, writes: 0, bytes: 0 },
  ...more,
});

const COUNTS: Counts = {
  calls: [
    call('ingest', 'sqs', 'SendMessageBatch', 100, { requests: 150 }),
    call('router', 'dynamodb', 'BatchGetItem', 50, { reads: 600 }),
    call('control', 'dynamodb', 'Query', 1_000_000, { reads: 1_000_000 }),
    call('control', 'cloudwatch', 'PutMetricData', 2),
  ],
  functions: [
    { name: 'ingest', invocations: 100, durations: [9.2, 9.8, 400], logBytes: 0, logLines: 0 },
    { name: 'router', invocations: 50, durations: [20], logBytes: 0, logLines: 0 },
    { name: 'control', invocations: 2, durations: [1_000], logBytes: 0, logLines: 0 },
  ],
  metrics: [
    { name: 'Sluice Heartbeat', from: 'control' },
    { name: 'Sluice Accepted', from: 'ingest' },
  ],
};

const rowOf = (rows: readonly { name: string; usd: number }[], name: string): number =>
  rows.find((row) => row.name.startsWith(name))?.usd ?? NaN;

it('charges a million events what was counted for 1,000, a thousand times, and none of what control does by the minute', () => {
  const counted = { events: 1_000, requests: 100, counts: COUNTS, egressBytes: 2 ** 20 };
  const rows = costOfEvents(counted, BILLED, PRICES);
  expect(rowOf(rows, 'API Gateway')).toBeCloseTo(100_000 * 3.5e-6);
  expect(rowOf(rows, 'Lambda, requests')).toBeCloseTo(150_000 * 0.2e-6);
  // 10 ms at 1 GB, the usual one, and 20 ms at half a GB.
  expect(rowOf(rows, 'Lambda, GB-seconds')).toBeCloseTo((100_000 * 0.01 + 50_000 * 0.01) * 0.0000133334);
  // The mapping's receive and deletion for each of the router's 50 invocations.
  expect(rowOf(rows, 'SQS')).toBeCloseTo((150_000 + 100_000) * 0.5e-6);
  expect(rowOf(rows, 'DynamoDB')).toBeCloseTo(600_000 * 0.125e-6);
  expect(rowOf(rows, 'egress')).toBeCloseTo(((1_000 * (2 ** 20 + 100 * 500)) / 2 ** 30) * 0.09);
  expect(sumOf(rows)).toBeCloseTo(rows.reduce((sum, { usd }) => sum + usd, 0));
  expect(callsOfEvents(counted, BILLED)).toEqual(
    expect.arrayContaining([
      { name: 'sqs SendMessageBatch', calls: 100 },
      { name: 'SQS receives and deletions of mappings', calls: 100 },
    ]),
  );
});

it("counts Lambda's own lines only where the template asks for those of successes", () => {
  const counted = { events: 1_000, requests: 0, counts: COUNTS, egressBytes: 0 };
  const logs = (billed: Billed) => rowOf(costOfEvents(counted, billed, PRICES), 'logs');
  expect(logs(BILLED)).toBeCloseTo(((150_000 * 412) / 2 ** 30) * (0.5 + 0.15 * 0.03));
  expect(logs({ ...BILLED, logsSuccesses: false })).toBe(0);
});

it('takes each run of control for a minute of an idle month', () => {
  const rows = costOfIdle({ counts: COUNTS }, BILLED, PRICES);
  expect(rowOf(rows, 'queues that are polled')).toBeCloseTo(4 * 5 * 3 * 43_200 * 0.5e-6);
  expect(rowOf(rows, "control's metrics")).toBeCloseTo(0.3);
  expect(rowOf(rows, 'calls of CloudWatch')).toBeCloseTo(43_200 * 0.00001);
  expect(rowOf(rows, 'metrics of alarms of high')).toBeCloseTo(0.6);
  expect(rowOf(rows, 'metrics of the other alarms')).toBeCloseTo(2);
  const none = { ...COUNTS, functions: [] };
  expect(() => costOfIdle({ counts: none }, BILLED, PRICES)).toThrow('control did not run');
});

it('reads durations, the own lines and the metrics of a log', () => {
  const metric = JSON.stringify({
    _aws: {
      CloudWatchMetrics: [
        { Namespace: 'Sluice', Dimensions: [['Stage'], []], Metrics: [{ Name: 'Events' }] },
      ],
    },
    Stage: 'router',
    Events: 3,
  });
  const report = 'REPORT RequestId: 1-2\tDuration: 12.34 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB';
  const { count, metrics } = readLog('router', `${metric}\n${report}\nünusual\n`);
  expect(count).toEqual({
    ...{ name: 'router', invocations: 1, durations: [12.34], logLines: 2 },
    logBytes: Buffer.byteLength(metric) + 8,
  });
  expect(metrics).toEqual(['Sluice Events Stage=router', 'Sluice Events']);
});

it('counts what was done between two looks', () => {
  const more: Counts = {
    ...COUNTS,
    calls: [call('ingest', 'sqs', 'SendMessageBatch', 130, { requests: 190 }), ...COUNTS.calls.slice(1)],
    functions: [{ name: 'ingest', invocations: 4, durations: [9.2, 9.8, 400, 7], logBytes: 60, logLines: 2 }],
  };
  const before: Counts = {
    ...COUNTS,
    functions: [{ ...more.functions[0], invocations: 3, logBytes: 20, logLines: 1 }] as never,
  };
  const { calls, functions } = since(before, more);
  expect(calls).toEqual([call('ingest', 'sqs', 'SendMessageBatch', 30, { requests: 40 })]);
  expect(functions).toEqual([{ name: 'ingest', invocations: 1, durations: [7], logBytes: 40, logLines: 1 }]);
});

it('has a source and a date for each price', () => {
  expect(DATES[0] <= DATES[1]).toBe(true);
  for (const usd of Object.values(PRICES)) expect(usd).toBeGreaterThan(0);
});
