/** The alarms over time: what they publish, what they keep, and what a restart or a pause of the machine does not do. */
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAlarm, type AlarmSpec } from '../../../local/cloudwatch/alarm-spec.ts';
import { Alarms, type Notification } from '../../../local/cloudwatch/alarms.ts';
import { MetricStore, single } from '../../../local/cloudwatch/metric-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-alarms-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alarms';
const degraded = (changes: object = {}): AlarmSpec =>
  readAlarm(
    { name: 'p: router is in degraded mode', arn: 'arn:alarm' },
    {
      AlarmDescription: 'Look: npx sluice status',
      Namespace: 'Sluice',
      MetricName: 'DegradedMode',
      Dimensions: [{ Name: 'Stage', Value: 'router' }],
      Statistic: 'Maximum',
      Period: 10,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'ignore',
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
      ...changes,
    },
  );
const heartbeat = (): AlarmSpec =>
  readAlarm(
    { name: 'p: control is silent', arn: 'arn:alarm' },
    {
      Namespace: 'Sluice',
      MetricName: 'Heartbeat',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      AlarmActions: [TOPIC],
    },
  );

let now: number;
let file: string;
let store: MetricStore;
let published: Notification[];
let trouble: string[];
let publishFails: boolean;
let files = 0;

beforeEach(() => {
  now = Date.UTC(2026, 10, 22, 12, 0, 0);
  files += 1;
  file = join(dir, `alarms-${files}.json`);
  store = new MetricStore(() => now);
  published = [];
  trouble = [];
  publishFails = false;
});

const start = async (...specs: AlarmSpec[]): Promise<Alarms> => {
  const alarms = new Alarms({
    store,
    file,
    publish: (notification) => {
      if (publishFails) return Promise.reject(new Error('the disk is full'));
      published.push(notification);
      return Promise.resolve();
    },
    onTrouble: (line) => trouble.push(line),
    clock: () => now,
  });
  await alarms.deploy(specs);
  return alarms;
};
const gauge = (value: number): void =>
  store.put({
    namespace: 'Sluice',
    name: 'DegradedMode',
    dimensions: { Stage: 'router' },
    at: now,
    statistics: single(value),
    highResolution: true,
  });
/** Lets seconds pass, with a tick in each. */
const pass = async (alarms: Alarms, seconds: number, each: () => void = () => undefined): Promise<void> => {
  for (let i = 0; i < seconds; i += 1) {
    now += 1_000;
    each();
    await alarms.tick();
  }
};
const stateOf = (alarms: Alarms): string | undefined => alarms.list[0]?.state;
const changes = () =>
  published.map(({ message }) => {
    const { OldStateValue, NewStateValue } = JSON.parse(message) as Record<string, unknown>;
    return `${String(OldStateValue)} -> ${String(NewStateValue)}`;
  });

describe('an alarm', () => {
  it('begins with insufficient data, and stays there as long as nothing is measured', async () => {
    const alarms = await start(degraded());
    await pass(alarms, 120);
    expect(alarms.list).toEqual([
      {
        name: 'p: router is in degraded mode',
        description: 'Look: npx sluice status',
        state: 'INSUFFICIENT_DATA',
        since: Date.UTC(2026, 10, 22, 12, 0, 0),
        reason: 'Unchecked: Initial alarm creation',
      },
    ]);
    expect(published).toEqual([]);
  });

  it('rings within one period, and resolves, with one identity', async () => {
    const alarms = await start(degraded());
    gauge(0);
    await pass(alarms, 11);
    expect(stateOf(alarms)).toBe('OK');
    gauge(1);
    await pass(alarms, 11);
    expect(stateOf(alarms)).toBe('ALARM');
    // Control looks once a minute.
    for (let i = 0; i < 3; i += 1) {
      gauge(1);
      await pass(alarms, 60);
    }
    gauge(0);
    await pass(alarms, 120);
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> OK', 'OK -> ALARM', 'ALARM -> OK']);
    expect(published.map(({ subject }) => subject)).toEqual(
      ['OK', 'ALARM', 'OK'].map(
        (state) => `${state}: "p: router is in degraded mode" in US East (N. Virginia)`,
      ),
    );
    expect(new Set(published.map(({ topicArn }) => topicArn))).toEqual(new Set([TOPIC]));
    expect(alarms.history.map(({ to }) => to)).toEqual(['OK', 'ALARM', 'OK']);
  });

  it('tells what CloudWatch tells', async () => {
    const alarms = await start(degraded());
    gauge(1);
    await pass(alarms, 11);
    expect(JSON.parse(published[0]?.message ?? '')).toEqual({
      AlarmName: 'p: router is in degraded mode',
      AlarmDescription: 'Look: npx sluice status',
      AWSAccountId: '000000000000',
      AlarmConfigurationUpdatedTimestamp: '2026-11-22T12:00:00.000+0000',
      NewStateValue: 'ALARM',
      NewStateReason: expect.stringMatching(
        /^Threshold Crossed: 1 out of the last 6 datapoints \[1\.0\] was greater/,
      ),
      StateChangeTime: '2026-11-22T12:00:10.000+0000',
      Region: 'US East (N. Virginia)',
      AlarmArn: 'arn:alarm',
      OldStateValue: 'INSUFFICIENT_DATA',
      OKActions: [TOPIC],
      AlarmActions: [TOPIC],
      InsufficientDataActions: [],
      Trigger: {
        MetricName: 'DegradedMode',
        Namespace: 'Sluice',
        StatisticType: 'Statistic',
        Statistic: 'MAXIMUM',
        Unit: null,
        Dimensions: [{ value: 'router', name: 'Stage' }],
        Period: 10,
        EvaluationPeriods: 6,
        DatapointsToAlarm: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        TreatMissingData: 'ignore',
        EvaluateLowSampleCountPercentile: '',
      },
    });
  });

  it('without enabled actions changes its state and tells nobody', async () => {
    const alarms = await start(degraded({ ActionsEnabled: false }));
    gauge(1);
    await pass(alarms, 11);
    expect([stateOf(alarms), published]).toEqual(['ALARM', []]);
  });

  it('keeps its state when a deployment changes it, and is forgotten when it is gone', async () => {
    const alarms = await start(degraded());
    gauge(1);
    await pass(alarms, 11);
    await alarms.deploy([degraded({ Threshold: 0.5 })]);
    expect(stateOf(alarms)).toBe('ALARM');
    await alarms.deploy([]);
    expect(alarms.list).toEqual([]);
    await alarms.deploy([degraded()]);
    expect(stateOf(alarms)).toBe('INSUFFICIENT_DATA');
  });

  it('can watch a calculation', async () => {
    const stat = (Stage: string, Id: string) => ({
      Id,
      ReturnData: false,
      MetricStat: {
        Metric: {
          Namespace: 'Sluice',
          MetricName: 'DegradedMode',
          Dimensions: [{ Name: 'Stage', Value: Stage }],
        },
        Period: 60,
        Stat: 'Sum',
      },
    });
    const spec = readAlarm(
      { name: 'sum', arn: 'arn' },
      {
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 2,
        EvaluationPeriods: 1,
        AlarmActions: [TOPIC],
        Metrics: [
          { Id: 'all', Expression: 'SUM([m0,m1])', Label: 'All', Period: 60 },
          stat('router', 'm0'),
          stat('crm', 'm1'),
        ],
      },
    );
    const alarms = await start(spec);
    gauge(3);
    await pass(alarms, 60);
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
    expect(JSON.parse(published[0]?.message ?? '')).toMatchObject({
      Trigger: {
        Metrics: [
          { Id: 'm0', ReturnData: false, MetricStat: { Period: 60, Stat: 'Sum' } },
          { Id: 'm1' },
          { Id: 'all', Label: 'All', ReturnData: true, Expression: 'SUM([m0,m1])' },
        ],
      },
    });
  });
});

describe('a restart', () => {
  it('pages nobody twice, and resolves what was open', async () => {
    const first = await start(degraded());
    gauge(1);
    await pass(first, 11);
    await first.close();
    store = new MetricStore(() => now);
    now += 3_600_000;
    const second = await start(degraded());
    expect(second.list[0]).toMatchObject({ state: 'ALARM', since: Date.UTC(2026, 10, 22, 12, 0, 10) });
    gauge(1);
    await pass(second, 30);
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
    gauge(0);
    await pass(second, 120);
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> ALARM', 'ALARM -> OK']);
    expect(second.history).toHaveLength(2);
  });

  it('sends what was not sent, as the same notification', async () => {
    publishFails = true;
    const first = await start(degraded());
    gauge(1);
    await pass(first, 11);
    expect(stateOf(first)).toBe('ALARM');
    expect(trouble[0]).toContain('the disk is full');
    await first.close();
    publishFails = false;
    const second = await start(degraded());
    await second.tick();
    await second.tick();
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
  });

  it('is no silence: missing data counts from the start on', async () => {
    const first = await start(heartbeat());
    await pass(first, 170);
    expect(stateOf(first)).toBe('INSUFFICIENT_DATA');
    await pass(first, 20);
    expect(changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
  });

  it('of the machine from its sleep is none either', async () => {
    const alarms = await start(heartbeat());
    const beat = (): void =>
      store.put({
        namespace: 'Sluice',
        name: 'Heartbeat',
        dimensions: {},
        at: now,
        statistics: single(1),
        highResolution: false,
      });
    await pass(alarms, 300, beat);
    expect(stateOf(alarms)).toBe('OK');
    now += 8 * 3_600_000;
    await pass(alarms, 300, beat);
    expect([stateOf(alarms), published]).toEqual(['OK', []]);
  });

  it('says which file is broken', async () => {
    writeFileSync(file, '{');
    await expect(start(degraded())).rejects.toThrow(`${file} cannot be read`);
  });
});

describe('an alarm that is not known here', () => {
  it.each([
    [
      { Statistic: undefined, ExtendedStatistic: 'p99' },
      'ExtendedStatistic: the local run keeps no percentiles',
    ],
    [{ Period: 45 }, 'Period: is not 10, 20, 30 or a multiple of 60'],
    [{ Statistic: 'IQM' }, 'Statistic: the local run knows Sum, Minimum, Maximum, Average and SampleCount'],
    [{ EvaluationPeriods: 1000 }, 'it looks back further than 3600 seconds'],
    [{ MetricName: undefined }, 'it needs Metrics, or Namespace, MetricName, Statistic and Period'],
    [{ Metrics: [{ Id: 'e', Expression: 'm1 + 1' }] }, 'its metrics need one period, the same for all'],
  ])('is refused with its name: %j', (given, message) => {
    expect(() => degraded(given)).toThrow(`the alarm p: router is in degraded mode: ${message}`);
  });
});
