/** The alarms over time: what they publish, and which are refused. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readAlarm } from '../../../local/cloudwatch/alarm-spec.ts';
import { AlarmWorld, degraded, stateOf, TOPIC } from './alarm-world.ts';

let world: AlarmWorld;
beforeEach(() => {
  world = new AlarmWorld();
});

describe('an alarm', () => {
  it('begins with insufficient data, and stays there as long as nothing is measured', async () => {
    const alarms = await world.start(degraded());
    await world.pass(alarms, 120);
    expect(alarms.list).toEqual([
      {
        name: 'p: router is in degraded mode',
        description: 'Look: npx sluice status',
        state: 'INSUFFICIENT_DATA',
        since: Date.UTC(2026, 10, 22, 12, 0, 0),
        reason: 'Unchecked: Initial alarm creation',
      },
    ]);
    expect(world.published).toEqual([]);
  });

  it('rings within one period, and resolves, with one identity', async () => {
    const alarms = await world.start(degraded());
    world.gauge(0);
    await world.pass(alarms, 11);
    expect(stateOf(alarms)).toBe('OK');
    world.gauge(1);
    await world.pass(alarms, 11);
    expect(stateOf(alarms)).toBe('ALARM');
    // Control looks once a minute.
    for (let i = 0; i < 3; i += 1) {
      world.gauge(1);
      await world.pass(alarms, 60);
    }
    world.gauge(0);
    await world.pass(alarms, 120);
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> OK', 'OK -> ALARM', 'ALARM -> OK']);
    expect(world.published.map(({ subject }) => subject)).toEqual(
      ['OK', 'ALARM', 'OK'].map(
        (state) => `${state}: "p: router is in degraded mode" in US East (N. Virginia)`,
      ),
    );
    expect(new Set(world.published.map(({ topicArn }) => topicArn))).toEqual(new Set([TOPIC]));
    expect(alarms.history.map(({ to }) => to)).toEqual(['OK', 'ALARM', 'OK']);
  });

  it('publishes the same notification as CloudWatch', async () => {
    const alarms = await world.start(degraded());
    world.gauge(1);
    await world.pass(alarms, 11);
    expect(JSON.parse(world.published[0]?.message ?? '')).toEqual({
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

  it('without enabled actions changes its state and publishes nothing', async () => {
    const alarms = await world.start(degraded({ ActionsEnabled: false }));
    world.gauge(1);
    await world.pass(alarms, 11);
    expect([stateOf(alarms), world.published]).toEqual(['ALARM', []]);
  });

  it('keeps its state when a deployment changes it, and is forgotten when it is gone', async () => {
    const alarms = await world.start(degraded());
    world.gauge(1);
    await world.pass(alarms, 11);
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
    const alarms = await world.start(spec);
    world.gauge(3);
    await world.pass(alarms, 60);
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
    expect(JSON.parse(world.published[0]?.message ?? '')).toMatchObject({
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
