import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { chooseWork } from '../../../lambdas/control/drains.ts';
import { surveyStage } from '../../../lambdas/control/survey.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import type { DrainWork } from '../../../lambdas/core/stage/command.ts';
import { START, World } from './world.ts';

const FLIP = { Records: [{ EventSource: 'aws:sns' }] };

let world: World;

beforeEach(() => {
  world = new World(['router', 'crm']);
});

describe('drain workers', () => {
  it('are started for due keys: one for each shard, and more for a shard that has several keys', async () => {
    const keys = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'];
    for (const key of keys) await world.park('crm', key, [{ messageId: key }]);
    await control(FLIP, world.deps);
    const shards = keys.map(shardOf).sort();
    const workers = shards.map((shard, i) => {
      const own = shards.filter((other) => other === shard).length;
      return own === 1 ? `function-crm/${shard}` : `function-crm/${shard}.${i - shards.indexOf(shard)}`;
    });
    expect([...world.drains].sort()).toEqual(workers);
  });

  it('are not started for keys that back off', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await world.backOff('crm', 'ann', START + 1);
    await control(FLIP, world.deps);
    expect(world.drains).toEqual([]);
    world.now += 1;
    await control(FLIP, world.deps);
    expect(world.drains).toEqual([`function-crm/${shardOf('ann')}`]);
  });

  it('are started for keys that were last tried before the stage began to recover', async () => {
    world.mode('crm', { mode: 'recovering', epoch: 2, announced: 2, dueEpoch: 2, windowFrom: START });
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    await world.backOff('crm', 'ann', START + 3_600_000, 2);
    await control(FLIP, world.deps);
    expect(world.drains).toEqual([]);
    await world.backOff('crm', 'ann', START + 3_600_000, 1);
    await control(FLIP, world.deps);
    expect(world.drains).toHaveLength(1);
  });

  it.each([FLIP, { source: 'aws.events' }])(
    'are not started while the stage is blocked: %j',
    async (event) => {
      await world.park('crm', 'ann', [{ messageId: 'e1' }]);
      world.degraded('crm');
      await control(event, world.deps);
      world.mode('crm', {});
      world.mode('router', { held: true });
      await control(event, world.deps);
      expect(world.drains).toEqual([]);
    },
  );
});

describe('what the workers go through', () => {
  const all = Array.from({ length: 10 }, (_, shard) => ({ shard, keys: 1 }));
  const due = (...shards: readonly number[]) => shards.map((shard) => ({ shard, keys: 1 }));
  const names = (works: readonly DrainWork[]) =>
    works.map(({ shard, part, parts }) => (parts === undefined ? `${shard}` : `${shard}.${part}/${parts}`));

  it('is every due shard when there are workers enough', () => {
    expect(names(chooseWork(due(3, 7), 10, START)).sort()).toEqual(['3', '7']);
  });

  it.each([1, 2, 3, 7])('reaches every shard in turn with %d workers', (workers) => {
    const chosen = Array.from({ length: 10 }, (_, minute) =>
      names(chooseWork(all, workers, START + minute * 60_000)),
    );
    expect(chosen.every(({ length }) => length === workers)).toBe(true);
    expect(new Set(chosen.flat()).size).toBe(10);
  });

  it('is a part of a shard that has many keys, when there are more workers than shards', () => {
    const works = chooseWork(
      [
        { shard: 3, keys: 500 },
        { shard: 7, keys: 2 },
        { shard: 8, keys: 500 },
      ],
      20,
      0,
    );
    expect(names(works)).toEqual([
      ...['0', '1', '2', '3', '4', '5'].map((part) => `3.${part}/6`),
      '7.0/2',
      '7.1/2',
      ...Array.from({ length: 12 }, (_, part) => `8.${part}/12`),
    ]);
  });

  it.each([
    { drainConcurrency: undefined, workers: 25, are: 'as many workers as the stage has functions at most' },
    { drainConcurrency: 2, workers: 2, are: 'as many as configured' },
    {
      drainConcurrency: 2,
      own: 4,
      workers: 4,
      are: 'as many as the stage itself has, by the rate of its destination',
    },
  ])('is for $are', async ({ drainConcurrency, own, workers }) => {
    for (let i = 0; i < 60; i += 1) await world.park('crm', `key-${i}`, [{ messageId: `e${i}` }]);
    const { stages, ...rest } = world.deps;
    const bounds = { maxConcurrency: 25, ...(own !== undefined && { drainConcurrency: own }) };
    const deps = { ...rest, drainConcurrency, stages: stages.map((one) => ({ ...one, ...bounds })) };
    await control(FLIP, deps);
    expect(new Set(world.drains).size).toBe(workers);
    expect(world.drainsUntil).toBe(START + 60_000);
  });
});

describe('the survey', () => {
  it('finds every key, however many there are', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    // One shard has more than a page of them.
    const many = Array.from({ length: 9_000 }, (_, i) => `many-${i}`).filter((key) => shardOf(key) === 0);
    const parked = [...keys, ...many.slice(0, 501)];
    for (const key of parked) {
      await world.parking.touchHead('crm', key, { token: key, now: world.now, reason: '' });
      world.now += 1;
    }
    const survey = await surveyStage(world.deps, 'crm', { dueEpoch: 0 });
    expect(survey.keys).toBe(parked.length);
    expect(survey.oldestParkedAt).toBe(START);
    expect(survey.dueShards.map(({ shard }) => shard)).toEqual([...new Set(parked.map(shardOf))].sort());
  });

  it('of nothing has no oldest', async () => {
    const survey = await surveyStage(world.deps, 'crm', { dueEpoch: 0 });
    expect(survey).toMatchObject({ keys: 0, own: 0, dueShards: [] });
    expect(survey.oldestParkedAt).toBeUndefined();
  });
});
