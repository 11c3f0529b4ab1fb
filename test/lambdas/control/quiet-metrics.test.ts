/** What of control's values is put by a call, what is left to the log, and what is not written at all. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import type { MetricDatum } from '../../../lambdas/control/ports.ts';
import { QuietMetrics } from '../../../lambdas/control/quiet-metrics.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { World } from './world.ts';

const MINUTE = 60_000;
let world: World;
let called: string[];
let logged: string[];
let run: () => Promise<void>;

const nameOf = ({ name, dimensions, value }: MetricDatum): string =>
  `${name}${dimensions['Stage'] === undefined ? '' : ` of ${dimensions['Stage']}`}: ${value}`;

beforeEach(() => {
  world = new World(['router', 'crm']);
  called = [];
  logged = [];
  const into = (list: string[]) => ({
    put: (data: readonly MetricDatum[]) => {
      list.push(...data.map(nameOf));
      return Promise.resolve();
    },
  });
  const metrics = new QuietMetrics(into(called), into(logged), () => world.now);
  run = async () => {
    called.length = 0;
    logged.length = 0;
    await control({ source: 'aws.events' }, { ...world.deps, metrics });
  };
});

const QUIET = ['DegradedMode of router: 0', 'DegradedMode of crm: 0', 'Heartbeat: 1'];

it('a minute in which nothing is wrong makes no call, and writes the gauges and the heartbeat', async () => {
  await run();
  expect([called, logged]).toEqual([[], QUIET]);
});

describe('what is something', () => {
  it('is put by a call, and so is nothing for the hour that follows; then it is left to the log, or out', async () => {
    world.degraded('crm');
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await run();
    expect(called).toEqual(
      expect.arrayContaining(['DegradedMode of crm: 1', 'ParkedKeys: 1', 'ParkedKeys of crm: 1']),
    );
    expect(logged).toEqual(['DegradedMode of router: 0', 'Heartbeat: 1']);
    world = Object.assign(world, { now: world.now + MINUTE });
    world.mode('crm', { mode: 'normal', epoch: 2, announced: 2, since: world.now });
    await world.deps.parking.deleteMessage('crm', 'ann', world.parking.messages('crm', 'ann')[0]?.sort ?? '');
    world.parking.heads = () => Promise.resolve({ heads: [] });
    await run();
    expect(called).toEqual(
      expect.arrayContaining(['DegradedMode of crm: 0', 'ParkedKeys: 0', 'ParkedKeys of crm: 0']),
    );
    expect(logged).toEqual(['DegradedMode of router: 0', 'Heartbeat: 1']);
    world.now += 60 * MINUTE;
    await run();
    expect([called, logged]).toEqual([[], QUIET]);
  });

  it('is not given up because the log was written: a call that fails, fails', async () => {
    world.degraded('crm');
    const down = { put: () => Promise.reject(new InfraFault('CloudWatch is down')) };
    const metrics = new QuietMetrics(down, { put: () => Promise.resolve() }, () => world.now);
    const failing = control({ source: 'aws.events' }, { ...world.deps, metrics });
    await expect(failing).rejects.toThrow('CloudWatch is down');
  });
});
