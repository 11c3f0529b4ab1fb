import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { START, World } from './world.ts';

const LATER = START + 3_600_000;

let world: World;
const retry = (request: object = {}) => control({ command: 'retry', ...request }, world.deps);
const head = (key: string, stage = 'crm') => world.parking.head(stage, key);

beforeEach(async () => {
  world = new World();
  for (const [stage, key] of [
    ['crm', 'ann'],
    ['crm', 'bob'],
    ['lake', 'ann'],
  ] as const) {
    await world.park(stage, key, [{ messageId: `${stage}-${key}` }]);
    await world.backOff(stage, key, LATER, 0);
  }
});

describe('retry', () => {
  it('of a key makes it due, resets its backoff, and starts a worker', async () => {
    world.now += 10;
    expect(await retry({ stage: 'crm', key: 'ann' })).toEqual({ ok: true, result: { keys: 1 } });
    expect(head('ann')).toEqual({
      key: 'ann',
      token: 'token-ann-1',
      nextAttemptAt: world.now,
      failures: 0,
      reason: 'redriven',
      parkedAt: START,
      triedEpoch: 0,
    });
    expect(head('bob')).toMatchObject({ nextAttemptAt: LATER, failures: 1 });
    expect(world.drains).toEqual([`function-crm/${shardOf('ann')}`]);
  });

  it('of a stage makes its keys due, and of no other', async () => {
    expect(await retry({ stage: 'crm' })).toEqual({ ok: true, result: { keys: 2 } });
    expect([head('ann'), head('bob'), head('ann', 'lake')].map((one) => one?.nextAttemptAt)).toEqual([
      START,
      START,
      LATER,
    ]);
    const shards = [...new Set([shardOf('ann'), shardOf('bob')])];
    expect([...world.drains].sort()).toEqual(shards.map((shard) => `function-crm/${shard}`).sort());
  });

  it('of all makes all due, however many there are', async () => {
    for (let i = 0; i < 250; i++) {
      await world.park('lake', `key-${i}`, [{ messageId: `e${i}` }]);
      await world.backOff('lake', `key-${i}`, LATER + i);
    }
    expect(await retry()).toEqual({ ok: true, result: { keys: 253 } });
    expect(world.parking.keys('lake').every((key) => head(key, 'lake')?.nextAttemptAt === START)).toBe(true);
  });

  it('of all leaves out blocked stages, and names them', async () => {
    world.degraded('lake');
    expect(await retry()).toEqual({ ok: true, result: { keys: 2, shut: ['lake'] } });
    expect(head('ann', 'lake')?.nextAttemptAt).toBe(LATER);
  });

  it('writes nothing for a key that is due already', async () => {
    await world.park('lake', 'due', [{ messageId: 'e1' }]);
    const leased: string[] = [];
    const takeLease = world.parking.takeLease.bind(world.parking);
    world.parking.takeLease = (stage, one, lease) => {
      leased.push(one.key);
      return takeLease(stage, one, lease);
    };
    expect(await retry({ stage: 'lake' })).toEqual({ ok: true, result: { keys: 2 } });
    expect(leased).toEqual(['ann']);
  });

  it('leaves a key alone that is being tried at this moment', async () => {
    const lease = { owner: 'drain', now: START, until: START + 70_000, nextAttemptAt: LATER, triedEpoch: 0 };
    await world.parking.takeLease('crm', { key: 'ann', failures: 1 }, lease);
    expect(await retry({ stage: 'crm', key: 'ann' })).toEqual({ ok: true, result: { keys: 1 } });
    expect(head('ann')).toMatchObject({ leaseOwner: 'drain', nextAttemptAt: LATER, failures: 2 });
  });

  it('refuses a stage that is blocked itself or by the router', async () => {
    world.degraded('crm');
    const refused = { ok: false, refused: expect.stringContaining('crm is blocked') };
    expect(await retry({ stage: 'crm' })).toEqual(refused);
    expect(await retry({ stage: 'crm', key: 'ann' })).toEqual(refused);
    world.mode('router', { held: true });
    expect(await retry()).toEqual({ ok: false, refused: expect.stringContaining('every stage is blocked') });
    expect([head('ann')?.nextAttemptAt, world.drains]).toEqual([LATER, []]);
  });

  it('refuses a key that is not parked, and a stage that is not', async () => {
    expect(await retry({ stage: 'crm', key: 'cid' })).toMatchObject({
      refused: 'key: "cid" is not parked in crm; "parked" lists the keys that are',
    });
    expect(await retry({ stage: 'crn' })).toMatchObject({
      refused: 'stage: there is no stage "crn"; the stages are router, crm, lake',
    });
  });

  it('reports how far it got when no time is left, and continues with the next request', async () => {
    const takeLease = world.parking.takeLease.bind(world.parking);
    world.parking.takeLease = (...args) => {
      world.timeLeft -= 9_000;
      return takeLease(...args);
    };
    const answer = await retry();
    expect(answer).toEqual({
      ok: false,
      refused: expect.stringMatching(/^\d keys are due now, .* ask again/),
    });
    world.parking.takeLease = takeLease;
    world.timeLeft = 30_000;
    expect(await retry()).toEqual({ ok: true, result: { keys: 3 } });
  });
});
