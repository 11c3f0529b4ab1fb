/** What only the minute's run of control does: the heartbeat, what is parked and what waits, the stages that it remembers. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { START, World } from './world.ts';

const MINUTE = { source: 'aws.events' };
const FLIP = { Records: [{ EventSource: 'aws:sns' }] };

let world: World;
const minute = () => control(MINUTE, world.deps);
const flip = () => control(FLIP, world.deps);

beforeEach(() => {
  world = new World();
});

describe('the minute’s run', () => {
  it('puts a heartbeat, and a flip’s run does not', async () => {
    await flip();
    expect(world.metric('Heartbeat')).toEqual([]);
    await minute();
    expect(world.metrics.at(-1)).toEqual({
      name: 'Heartbeat',
      value: 1,
      dimensions: { Pipeline: 'shop' },
      at: START,
      resolution: 60,
    });
  });

  it('reports what is parked, by stage and in total, also for blocked stages', async () => {
    world.degraded('crm');
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    world.now += 90_000;
    await world.park('crm', 'bob', [{ messageId: 'e2' }]);
    await world.park('lake', 'ann', [{ messageId: 'e3' }]);
    await minute();
    expect(['router', 'crm', 'lake'].map((stage) => world.metric('ParkedKeys', stage))).toEqual([
      [0],
      [2],
      [1],
    ]);
    expect(world.metric('ParkedKeys')).toEqual([3]);
    expect(world.metric('OldestParkedAge', 'crm')).toEqual([90]);
    expect(world.metric('OldestParkedAge')).toEqual([90]);
    expect(world.metric('OldestParkedAge', 'router')).toEqual([0]);
  });

  it('does not sum up when a stage could not be read', async () => {
    const heads = world.parking.heads.bind(world.parking);
    world.parking.heads = (stage, shard, page) =>
      stage === 'crm' ? Promise.reject(new InfraFault('throttled')) : heads(stage, shard, page);
    await expect(minute()).rejects.toThrow('throttled');
    expect(world.metric('ParkedKeys')).toEqual([]);
    expect(world.metric('ParkedKeys', 'lake')).toEqual([0]);
  });

  it('remembers the stages, once, and again when a queue is another', async () => {
    await minute();
    expect([...world.registry.entries()]).toEqual(
      ['router', 'crm', 'lake'].map((id) => [
        id,
        { queueName: `${id}.fifo`, deadLetterQueueName: `${id}-dead-letters.fifo` },
      ]),
    );
    await minute();
    expect(world.registered).toHaveLength(1);
    world.registry.set('crm', { queueName: 'old.fifo', deadLetterQueueName: 'old-dead-letters.fifo' });
    await minute();
    // What the former queue holds must not be forgotten.
    expect(world.registered[1]).toEqual(
      new Map([
        ['crm', { queueName: 'crm.fifo', deadLetterQueueName: 'crm-dead-letters.fifo' }],
        ['crm (formerly old.fifo)', { queueName: 'old.fifo', deadLetterQueueName: 'old-dead-letters.fifo' }],
      ]),
    );
    world.counts.set('old.fifo', { visible: 2, inFlight: 0 });
    const answer = await control({ command: 'status' }, world.deps);
    expect(answer).toMatchObject({
      ok: true,
      result: { orphans: [{ id: 'crm (formerly old.fifo)', queue: { visible: 2, inFlight: 0 } }] },
    });
    // The control of before the deployment was running still, and took the new queue for a former one.
    world.registry.set('crm (formerly crm.fifo)', {
      queueName: 'crm.fifo',
      deadLetterQueueName: 'crm-dead-letters.fifo',
    });
    world.counts.set('crm.fifo', { visible: 5, inFlight: 0 });
    expect(await control({ command: 'status' }, world.deps)).toMatchObject({
      result: { orphans: [{ id: 'crm (formerly old.fifo)' }] },
    });
  });

  it('reports how long messages have waited at a blocked stage, which receives no messages itself', async () => {
    const pauseUntil = START + 7_200_000;
    world.degraded('crm', { pauseUntil });
    world.degraded('lake', { pauseUntil });
    world.counts.set('crm.fifo', { visible: 3, inFlight: 0 });
    world.counts.set('router.fifo', { visible: 3, inFlight: 0 });
    await minute();
    world.now += 3_600_000;
    await world.state.saveProgress('router', { deliveredAt: world.now });
    await minute();
    const since = world.state.mode('crm').troubledSince ?? NaN;
    const age = (world.now - since) / 1000;
    expect(age).toBeGreaterThanOrEqual(3_600);
    expect(world.metric('OldestMessageAge', 'crm').at(-1)).toBe(age);
    expect(world.metric('OldestMessageAge').at(-1)).toBe(age);
    // Nothing waits at one of them; the other is not blocked and reports its own age.
    expect(world.metric('OldestMessageAge', 'lake')).toEqual([]);
    expect(world.metric('OldestMessageAge', 'router')).toEqual([]);
  });
});
