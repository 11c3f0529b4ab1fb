/** What a pipeline costs a month through which no event flows: from its template, and from a minute of control. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { control } from '../../lambdas/control/control.ts';
import type { ControlDeps, MetricDatum } from '../../lambdas/control/ports.ts';
import { QuietMetrics } from '../../lambdas/control/quiet-metrics.ts';
import { World } from '../lambdas/control/world.ts';
import { MINUTES_OF_A_MONTH, PRICES } from './prices.ts';
import { minimal, removeDirectories, synthesize, type Resource } from './synth.ts';

afterAll(removeDirectories);

/** Lambda polls a queue with at least five long polls of 20 seconds, however little there is. */
const POLLS_OF_A_MINUTE = 5 * 3;
/** Of control, and of a probe in a process that is there, in seconds: estimates. */
const RUN = 0.5;
const PROBE = 0.05;
/** Lambda's own lines of an invocation, and a line of ours: bytes. */
const INVOCATION_LINES = 300;
const METRIC_LINE = 250;
const MB = 1 / 1_024;

interface AlarmProperties {
  readonly Period?: number;
  readonly Metrics?: readonly { readonly MetricStat?: unknown }[];
}

const alarmCost = ({ Properties }: Resource): number => {
  const { Period, Metrics } = Properties as AlarmProperties;
  if (Period !== undefined && Period < 60) return PRICES.highResolutionAlarm;
  const watched = Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1;
  return watched * PRICES.alarm;
};

/** A quiet minute of control: what it writes, and how many items it reads. */
const quietMinute = async (stages: readonly string[]) => {
  const world = new World(stages);
  const [called, logged]: [MetricDatum[], MetricDatum[]] = [[], []];
  let calls = 0;
  const into = (list: MetricDatum[]) => ({
    put: (data: readonly MetricDatum[]) => {
      calls += list === called ? 1 : 0;
      list.push(...data);
      return Promise.resolve();
    },
  });
  let reads = 0;
  const counted = <T extends object>(port: T, weight: (name: string) => number): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          reads += weight(String(name));
          return Reflect.apply(value, target, args);
        };
      },
    });
  const metrics = new QuietMetrics(into(called), into(logged), () => world.now);
  const deps: ControlDeps = {
    ...world.deps,
    metrics,
    // A write is as dear as five reads.
    modes: counted(world.deps.modes, (name) => ({ readModes: stages.length, readStored: 3 })[name] ?? 5),
    parking: counted(world.deps.parking, (name) => (name === 'heads' ? 0.5 : 1)),
    hotKeys: counted(world.deps.hotKeys, () => 0.5 * stages.length),
    lateCrashes: counted(world.deps.lateCrashes, () => 0.5 * stages.length),
    registry: counted(world.deps.registry, () => 1),
  };
  // The first run remembers the stages.
  await control({ source: 'aws.events' }, deps);
  [calls, reads, called.length, logged.length] = [0, 0, 0, 0];
  await control({ source: 'aws.events' }, deps);
  const names = new Set(
    [...called, ...logged].map(({ name, dimensions }) => JSON.stringify([name, dimensions])),
  );
  return { calls, reads, lines: logged.length, metrics: names.size, probes: world.probed.length / 2 };
};

const of = (resources: Readonly<Record<string, Resource>>, type: string): readonly Resource[] =>
  Object.values(resources).filter(({ Type }) => Type === type);

const idleCost = async (destinations: readonly string[]) => {
  const { resources, pipeline } = synthesize({
    ...minimal,
    destinations: destinations.map((id) => ({ id, type: 'webhook', url: 'https://example.com/hook' })),
  });
  const memoryOf = (logicalName: RegExp): number =>
    Number(
      Object.entries(resources).find(
        ([id, { Type }]) => Type === 'AWS::Lambda::Function' && logicalName.test(id),
      )?.[1].Properties['MemorySize'],
    ) * MB;
  const minute = await quietMinute(['router', ...destinations]);
  const invocations = 1 + minute.probes;
  const cost = {
    polling:
      of(resources, 'AWS::Lambda::EventSourceMapping').length *
      POLLS_OF_A_MINUTE *
      PRICES.sqsRequest *
      MINUTES_OF_A_MONTH,
    alarms: of(resources, 'AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + alarmCost(alarm), 0),
    metrics: minute.metrics * PRICES.customMetric,
    calls: minute.calls * PRICES.putMetricData * MINUTES_OF_A_MONTH,
    control:
      (invocations * PRICES.lambdaRequest +
        (RUN * memoryOf(/Control/) + minute.probes * PROBE * memoryOf(/Router/)) * PRICES.lambdaSecond) *
      MINUTES_OF_A_MONTH,
    reads: minute.reads * PRICES.dynamoRead * MINUTES_OF_A_MONTH,
    logs: (invocations * INVOCATION_LINES + minute.lines * METRIC_LINE) * PRICES.logByte * MINUTES_OF_A_MONTH,
  };
  expect(pipeline).toBeDefined();
  return { ...cost, together: Object.values(cost).reduce((sum, part) => sum + part, 0) };
};

describe('a month without an event', () => {
  let one: Awaited<ReturnType<typeof idleCost>>;
  let two: Awaited<ReturnType<typeof idleCost>>;
  beforeAll(async () => {
    one = await idleCost(['crm']);
    two = await idleCost(['crm', 'lake']);
    if (process.env['SLUICE_SHOW_COSTS'] !== undefined) process.stderr.write(JSON.stringify([one, two]));
  });

  it('costs $5 at most with one destination', () => {
    expect(one.together).toBeLessThanOrEqual(5);
  });

  it('and $1.65 at most for each further one', () => {
    expect(two.together - one.together).toBeLessThanOrEqual(1.65);
  });

  it('makes no call of CloudWatch', () => {
    expect(one.calls).toBe(0);
  });

  it('is counted whole: each part is something', () => {
    const nothing = Object.entries(one).filter(([, dollars]) => !(dollars > 0));
    expect(nothing.map(([part]) => part)).toEqual(['calls']);
  });
});
