/** What the console of a stack shows of CloudWatch: the flow of events, and the alarms. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { awsCloudWatch } from '../../cli/console/cloudwatch.ts';
import { flowOf } from '../../cli/console/flow.ts';
import { startWatch, type CloudWatch } from '../../cli/console/watch.ts';
import { configOf } from '../../cli/describe-stack.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { Unavailable } from '../../local/console/server.ts';
import { stageStatusOf } from '../support/stage-status.ts';
import { AwsStandIn, Failure } from './doctor/aws-stand-in.ts';

const MINUTE = 60_000;
/** The beginning of a minute. */
const T = 30_000_000 * MINUTE;

describe('the chart', () => {
  it('has the events of whole minutes: none where CloudWatch has nothing, and unknown while it may be late', () => {
    const accepted = new Map([
      [T, 60],
      [T + 4 * MINUTE, 12],
      // It has not ended.
      [T + 5 * MINUTE, 1],
    ]);
    const range = { from: T + 20_000, now: T + 5 * MINUTE + 30_000 };
    expect(flowOf({ accepted, delivered: new Map([[T + MINUTE, 7]]) }, [], range)).toEqual({
      step: MINUTE,
      at: [0, 1, 2, 3, 4, 5].map((minute) => T + minute * MINUTE),
      accepted: [60, 0, 0, null, 12, null],
      delivered: [0, 7, 0, null, null, null],
      backlog: [null, null, null, null, null, null],
    });
  });

  it('has the backlog that control said last in each minute', () => {
    const samples = [
      { at: T + 10_000, messages: 3 },
      { at: T + 50_000, messages: 5 },
      { at: T + 2 * MINUTE, messages: 0 },
    ];
    const none = { accepted: new Map(), delivered: new Map() };
    const { backlog } = flowOf(none, samples, { from: T, now: T + 2 * MINUTE + 1 });
    expect(backlog).toEqual([5, null, 0]);
  });
});

describe('a console', () => {
  let now = T;
  let readings: (readonly [pipeline: string, from: number, to: number])[] = [];
  let fails = false;
  const refusal = new CommandFailure('the credentials lack the permission cloudwatch:GetMetricData');
  const cloudWatch: CloudWatch = {
    alarms: (pipeline) =>
      fails
        ? Promise.reject(refusal)
        : Promise.resolve([{ name: `${pipeline}: x`, state: 'OK', since: T, reason: '' }]),
    events: (...asked) => {
      readings.push(asked);
      return fails
        ? Promise.reject(refusal)
        : Promise.resolve({ accepted: new Map([[T, 1]]), delivered: new Map() });
    },
  };
  const report = (visible: number) => ({
    pipeline: 'Shop/Events',
    at: now,
    stages: ['router', 'crm'].map((id) => stageStatusOf(id, { queue: { visible, inFlight: 1, delayed: 1 } })),
    orphans: [],
  });
  beforeEach(() => {
    now = T + 15 * MINUTE;
    readings = [];
    fails = false;
  });

  it('reads the events once a minute, however often its page asks', async () => {
    const watch = startWatch(cloudWatch, () => now);
    watch.note(report(4));
    for (let i = 0; i < 7; i += 1) {
      await watch.metrics(now - 15 * MINUTE);
      now += 10_000;
    }
    expect(readings).toEqual([
      ['Shop/Events', T, T + 15 * MINUTE],
      ['Shop/Events', T + MINUTE, T + 16 * MINUTE],
    ]);
    const { at, accepted, backlog } = await watch.metrics(T);
    expect({ accepted: accepted[0], backlog: backlog[15] }).toEqual({ accepted: 1, backlog: 12 });
    expect(at).toHaveLength(17);
  });

  it('asks again after a refusal, and says it in words', async () => {
    const watch = startWatch(cloudWatch, () => now);
    await expect(watch.alarms()).rejects.toThrow('control has not said yet');
    await expect(watch.metrics(T)).rejects.toBeInstanceOf(Unavailable);
    watch.note(report(0));
    fails = true;
    for (const asked of [() => watch.metrics(T), () => watch.alarms()]) {
      const error: unknown = await asked().catch((one: unknown) => one);
      expect(error).toBeInstanceOf(Unavailable);
      expect(error).toHaveProperty('message', refusal.message);
    }
    fails = false;
    expect((await watch.metrics(T)).accepted[0]).toBe(1);
    expect(await watch.alarms()).toMatchObject([{ name: 'Shop/Events: x' }]);
    expect(readings).toHaveLength(2);
  });
});

describe('CloudWatch', () => {
  const aws = new AwsStandIn();
  const before = { ...process.env };
  beforeAll(async () => {
    await aws.start();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_CLOUDWATCH: aws.url,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  });
  afterAll(async () => {
    process.env = before;
    await aws.stop();
  });
  const cloudWatch = () => awsCloudWatch(configOf({ region: 'eu-west-1' }));

  it('gives the alarms whose names begin with that of the pipeline, page by page', async () => {
    const asked: unknown[] = [];
    aws.answers = {
      DescribeAlarms: (input) => {
        asked.push(input);
        return input['NextToken'] === undefined
          ? {
              MetricAlarms: [
                {
                  AlarmName: 'Shop/Events: router is in degraded mode',
                  StateValue: 'ALARM',
                  StateReason: 'Threshold Crossed',
                  StateUpdatedTimestamp: T / 1000 + 60,
                  StateTransitionedTimestamp: T / 1000,
                },
              ],
              NextToken: 'more',
            }
          : {
              MetricAlarms: [
                { AlarmName: 'Shop/Events: x', StateValue: 'OK', StateUpdatedTimestamp: T / 1000 },
              ],
            };
      },
    };
    expect(await cloudWatch().alarms('Shop/Events')).toEqual([
      {
        name: 'Shop/Events: router is in degraded mode',
        state: 'ALARM',
        since: T,
        reason: 'Threshold Crossed',
      },
      { name: 'Shop/Events: x', state: 'OK', since: T, reason: '' },
    ]);
    expect(asked).toMatchObject([{ AlarmNamePrefix: 'Shop/Events: ' }, { NextToken: 'more' }]);
  });

  it('counts the events of all sources and of all destinations', async () => {
    const asked: unknown[] = [];
    aws.answers = {
      GetMetricData: (input) => {
        asked.push(input);
        return {
          MetricDataResults: [
            { Id: 'accepted', Timestamps: [T / 1000 + 60, T / 1000], Values: [5, 4] },
            { Id: 'delivered', Timestamps: [T / 1000], Values: [3] },
          ],
        };
      },
    };
    const { accepted, delivered } = await cloudWatch().events('Shop/Events', T, T + 2 * MINUTE);
    expect([...accepted]).toEqual([
      [T + MINUTE, 5],
      [T, 4],
    ]);
    expect([...delivered]).toEqual([[T, 3]]);
    expect(asked).toMatchObject([
      {
        StartTime: T / 1000,
        EndTime: T / 1000 + 120,
        MetricDataQueries: [
          {
            Id: 'accepted',
            Expression: `SUM(SEARCH('{Sluice,Pipeline,Source} MetricName="EventsAccepted" Pipeline="Shop/Events"', 'Sum', 60))`,
          },
          {
            Id: 'delivered',
            Expression: `SUM(SEARCH('{Sluice,Pipeline,Stage} MetricName="EventsDelivered" Pipeline="Shop/Events"', 'Sum', 60))`,
          },
        ],
      },
    ]);
  });

  it('that refuses says which permission is lacking', async () => {
    aws.answers = { DescribeAlarms: () => new Failure('AccessDenied', 'no') };
    await expect(cloudWatch().alarms('x')).rejects.toThrow(
      'the credentials lack the permission cloudwatch:DescribeAlarms',
    );
  });
});
