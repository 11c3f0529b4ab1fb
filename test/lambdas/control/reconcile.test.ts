import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { START, World } from './world.ts';

const MINUTE = { source: 'aws.events' };
const FLIP = { Records: [{ EventSource: 'aws:sns' }] };
const enabled = { enabled: true, maximumConcurrency: 10 };
const disabled = { enabled: false, maximumConcurrency: 10 };
const gently = { enabled: true, maximumConcurrency: 2 };

let world: World;
const minute = () => control(MINUTE, world.deps);
const flip = () => control(FLIP, world.deps);

beforeEach(() => {
  world = new World();
});

describe('the gauge', () => {
  it('is 1 unless the mode is normal, to the second, and as old as the read', async () => {
    world.degraded('crm');
    world.mode('lake', { mode: 'recovering', epoch: 2, announced: 2, windowFrom: START, codeVersion: 'v' });
    await flip();
    expect(world.metrics).toEqual(
      [
        ['router', 0],
        ['crm', 1],
        ['lake', 1],
      ].map(([Stage, value]) => ({
        name: 'DegradedMode',
        value,
        dimensions: { Pipeline: 'shop', Stage },
        at: START,
        resolution: 1,
      })),
    );
  });

  it('has the time before the read of the modes', async () => {
    const readModes = world.state.readModes.bind(world.state);
    world.state.readModes = (stages) => {
      world.now += 5_000;
      return readModes(stages);
    };
    await flip();
    expect(world.metrics[0]?.at).toBe(START);
  });

  it('is 1 for a mode that cannot be read, which nothing but a resume changes', async () => {
    world.state.modes.set('crm', UNREADABLE);
    await minute();
    expect(world.metric('DegradedMode', 'crm')).toEqual([1]);
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
    expect(world.state.mode('crm')).toEqual(UNREADABLE);
  });

  it('is written before anything is changed; if that fails, nothing changes, and there is no heartbeat', async () => {
    world.degraded('crm', { pauseUntil: START - 1 });
    world.faults = { metrics: true };
    await expect(minute()).rejects.toThrow('metrics failed');
    expect(world.state.mode('crm').mode).toBe('degraded');
    expect(world.probed).toEqual([]);
    // The stored mode is applied anyway.
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
  });
});

describe('the heartbeat', () => {
  it('is left out when the gauges could not be written, even if CloudWatch works again', async () => {
    const { metrics } = world.deps;
    let calls = 0;
    const put: typeof metrics.put = (data) =>
      (calls += 1) === 1 ? Promise.reject(new InfraFault('CloudWatch is down')) : metrics.put(data);
    await expect(control(MINUTE, { ...world.deps, metrics: { put } })).rejects.toThrow('CloudWatch is down');
    expect(world.metric('ParkedKeys')).toEqual([0]);
    expect(world.metric('Heartbeat')).toEqual([]);
  });
});

describe('a change of mode by time', () => {
  it('ends a pause: published immediately, mapping enabled at low concurrency, parked keys drained', async () => {
    world.degraded('crm', { pauseUntil: START - 1 });
    world.mapping('crm', { state: 'Disabled', maximumConcurrency: 10 });
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await flip();
    expect(world.state.mode('crm')).toMatchObject({ mode: 'recovering', epoch: 2, announced: 2 });
    expect(world.announced.map(({ text }) => text)).toEqual(['crm entered recovering']);
    expect(world.metric('DegradedMode', 'crm')).toEqual([1, 1]);
    expect(world.updates).toEqual({ 'mapping-crm': gently });
    expect(world.drains).toEqual([`function-crm/${shardOf('ann')}`]);
  });

  it('ends a window: the gauge falls in the same run', async () => {
    world.mode('crm', { mode: 'recovering', epoch: 2, announced: 2, windowFrom: START - 300_000 });
    await world.state.saveProgress('crm', { deliveredAt: START - 1 });
    world.mapping('crm', { state: 'Enabled', maximumConcurrency: 2 });
    await flip();
    expect(world.metric('DegradedMode', 'crm')).toEqual([1, 0]);
    expect(world.updates).toEqual({ 'mapping-crm': enabled });
  });

  it('of the router comes first: stages that it unblocks resume in the same run', async () => {
    world.degraded('router', { pauseUntil: START - 1 });
    for (const id of ['router', 'crm', 'lake'])
      world.mapping(id, { state: 'Disabled', maximumConcurrency: 10 });
    world.degraded('crm', { pauseUntil: START - 1, frozenAt: START - 1_000 });
    await flip();
    expect(world.state.mode('router').mode).toBe('recovering');
    // The clock of crm, which was stopped, resumes.
    expect(world.state.mode('crm')).toMatchObject({ mode: 'degraded', pauseUntil: START + 999 });
    expect(world.updates).toEqual({ 'mapping-router': gently, 'mapping-lake': enabled });
  });

  it('continues when an announcement fails, and the next run announces it', async () => {
    world.degraded('crm', { announced: 0 });
    world.faults = { announce: true };
    await expect(minute()).rejects.toThrow('announce failed');
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
    expect(world.metric('Heartbeat')).toEqual([1]);
    world.faults = {};
    await minute();
    expect(world.announced.map(({ text }) => text)).toEqual(['crm entered degraded']);
    expect(world.state.mode('crm').announced).toBe(1);
    await minute();
    expect(world.announced).toHaveLength(1);
  });
});

describe('probes', () => {
  const failed = {
    kind: 'failed',
    crash: { kind: 'load', error: 'SyntaxError: Unexpected end', codeVersion: 'bad', at: START },
  } as const;

  it('go to every stage in a scheduled run, and to no stage on a change of mode', async () => {
    await flip();
    expect(world.probed).toEqual([]);
    await minute();
    expect(world.probed).toEqual(['function-router', 'function-crm', 'function-lake']);
  });

  it('that fail twice in a row degrade the stage, which is published and disabled immediately', async () => {
    world.probes.set('function-crm', failed);
    await minute();
    expect(world.state.mode('crm').mode).toBe('normal');
    world.now += 60_000;
    await minute();
    expect(world.state.mode('crm').mode).toBe('degraded');
    expect(world.metric('DegradedMode', 'crm')).toEqual([0, 0, 1]);
    expect(world.announced.map(({ text }) => text)).toEqual(['crm entered degraded']);
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
  });

  it('without a result change nothing', async () => {
    world.probes.set('function-crm', failed);
    await minute();
    world.probes.delete('function-crm');
    await minute();
    expect(world.state.mode('crm')).toMatchObject({ mode: 'normal', probeFailures: 1 });
  });

  it('that new code answers end the degraded mode', async () => {
    world.degraded('router');
    world.probes.set('function-router', { kind: 'answered', codeVersion: 'good' });
    await minute();
    expect(world.state.mode('router').mode).toBe('recovering');
  });

  it('are left out when there is no time for them', async () => {
    world.timeLeft = 11_000;
    await expect(minute()).rejects.toThrow('there was no time left for it');
    expect(world.probed).toEqual([]);
  });
});

describe('mappings', () => {
  it('are not changed when they are correct', async () => {
    await minute();
    expect(world.updates).toEqual({});
  });

  it('are all disabled while the system is degraded, and enabled where a stage spills', async () => {
    world.degraded('router');
    world.mode('lake', { spill: true, troubledSince: START - 8 * 86_400_000 });
    world.mapping('lake', { state: 'Disabled', maximumConcurrency: 10 });
    await flip();
    expect(world.updates).toEqual({
      'mapping-router': disabled,
      'mapping-crm': disabled,
      'mapping-lake': enabled,
    });
  });

  it('in transition wait for the next run, without a failure', async () => {
    world.degraded('crm');
    world.degraded('lake');
    world.mapping('crm', { state: 'Disabling', maximumConcurrency: 10 });
    const { mappings } = world.deps;
    const update = () => Promise.resolve(false);
    await control(FLIP, { ...world.deps, mappings: { ...mappings, update } });
    expect(world.logged.map(({ message }) => message)).toEqual([
      'mapping in transition; left to the next run',
    ]);
  });

  it('of the other stages are reconciled when one fails, and the run fails in the end', async () => {
    world.mappings.delete('mapping-router');
    world.degraded('crm');
    await expect(flip()).rejects.toThrow('there is no mapping mapping-router');
    expect(world.updates).toEqual({ 'mapping-crm': disabled });
  });
});

describe('a run', () => {
  it('does nothing when the modes cannot be read', async () => {
    world.state.readModes = () => Promise.reject(new InfraFault('DynamoDB is down'));
    await expect(minute()).rejects.toThrow('DynamoDB is down');
    expect([world.metrics, world.updates, world.probed]).toEqual([[], {}, []]);
  });

  it('twice at the same time does no harm', async () => {
    world.degraded('crm', { pauseUntil: START - 1 });
    await Promise.all([flip(), flip()]);
    expect(world.state.mode('crm')).toMatchObject({ mode: 'recovering', epoch: 2, announced: 2 });
  });

  it('begins nothing that it has no time to finish', async () => {
    world.degraded('crm', { announced: 0 });
    world.timeLeft = 1_000;
    await expect(minute()).rejects.toThrow(AggregateError);
    expect([world.metrics, world.updates, world.probed, world.announced]).toEqual([[], {}, [], []]);
  });
});
