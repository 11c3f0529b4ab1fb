/** What a scheduled run finds about the stages: what waits, and why nothing is processed. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { hintOf } from '../../../lambdas/control/look.ts';
import type { QueueCounts } from '../../../lambdas/control/ports.ts';
import { asOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { START, World } from './world.ts';

const MINUTE = 60_000;

let world: World;
const minute = () => control({ source: 'aws.events' }, world.deps);
const flip = () => control({ Records: [{ EventSource: 'aws:sns' }] }, world.deps);
/** Runs each minute, from this one on. */
const minutes = async (count: number, inEach: () => Promise<void> | void = () => undefined) => {
  for (let i = 0; i < count; i++) {
    await inEach();
    await minute();
    world.now += MINUTE;
  }
};
const crm = () => world.state.mode('crm');
const queue = (counts: QueueCounts) => world.counts.set('crm.fifo', counts);

beforeEach(() => {
  world = new World();
});

describe('work that waits', () => {
  it('degrades a stage that is never invoked, within the time for a stall, and not the others', async () => {
    queue({ visible: 1_000_000, inFlight: 0 });
    await minutes(10);
    expect(crm().mode).toBe('normal');
    await minutes(1);
    expect(crm()).toMatchObject({
      mode: 'degraded',
      reason: 'work waits, and nothing got through for 10 minutes',
      waiting: { messages: 1_000_000, keys: 0, own: 0 },
    });
    expect(world.state.mode('lake').mode).toBe('normal');
    expect(world.announced.map(({ stage, mode }) => [stage, mode])).toEqual([['crm', 'degraded']]);
    expect(world.metric('DegradedMode', 'crm').at(-1)).toBe(1);
  });

  it.each<[string, QueueCounts]>([
    ['visible', { visible: 1, inFlight: 0 }],
    ['in flight', { visible: 0, inFlight: 1 }],
    ['delayed', { visible: 0, inFlight: 0, delayed: 1 }],
  ])('may be one message: %s', async (_, counts) => {
    queue(counts);
    await minutes(11);
    expect(crm().mode).toBe('degraded');
  });

  it('degrades nothing while something gets through', async () => {
    queue({ visible: 7, inFlight: 0 });
    await minutes(30, () => world.state.saveProgress('crm', { deliveredAt: world.now - 9 * MINUTE }));
    expect(crm().mode).toBe('normal');
  });

  it('may be a parked key, unless the key is in own trouble', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }], { reason: 'redriven' });
    await world.park('lake', 'ann', [{ messageId: 'e1' }], { reason: asOwnTrouble('redriven') });
    await minutes(11);
    expect(crm()).toMatchObject({ mode: 'degraded', waiting: { messages: 0, keys: 1, own: 0 } });
    expect(world.state.mode('lake')).toMatchObject({
      mode: 'normal',
      waiting: { messages: 0, keys: 0, own: 1 },
    });
    // It is drained like the others.
    expect(world.drains.filter((drain) => drain.startsWith('function-lake'))).toHaveLength(11);
  });

  it('does not count in a run on a change of mode, and neither does an unknown count', async () => {
    queue({ visible: 7, inFlight: 0 });
    for (let i = 0; i < 20; i++) {
      await flip();
      world.now += MINUTE;
    }
    world.faults = { counts: true };
    await expect(minute()).rejects.toThrow('counts failed');
    expect(crm()).toMatchObject({ mode: 'normal' });
    expect(crm().waitingSince).toBeUndefined();
  });

  it('a quarter of an hour without a run of control does not count', async () => {
    queue({ visible: 7, inFlight: 0 });
    world.now += 15 * MINUTE;
    await minute();
    expect(crm().mode).toBe('normal');
  });

  it('that is absent in two readings ends a recovery: there was nothing to try', async () => {
    world.mode('crm', { mode: 'recovering', epoch: 2, announced: 2, since: START, windowFrom: START });
    await minutes(5);
    expect(crm().mode).toBe('recovering');
    await minutes(1);
    expect(crm()).toMatchObject({ mode: 'normal', reason: '5 minutes went by, and there was nothing to do' });
  });

  it('prevents the end of a recovery as long as nothing gets through', async () => {
    world.mode('crm', { mode: 'recovering', epoch: 2, announced: 2, since: START, windowFrom: START });
    queue({ visible: 0, inFlight: 1 });
    await minutes(10);
    expect(crm().mode).toBe('recovering');
    await minutes(1);
    expect(crm().mode).toBe('degraded');
  });
});

describe('why nothing is processed', () => {
  it('is in the reason, where AWS says so', async () => {
    queue({ visible: 7, inFlight: 0 });
    world.mapping('crm', { state: 'Disabled', maximumConcurrency: 10 });
    world.probes.set('function-crm', { kind: 'unknown', why: 'Lambda throttles the function' });
    await minutes(11);
    expect(crm().reason).toBe(
      "work waits, and nothing got through for 10 minutes: the queue's event source mapping is Disabled; " +
        'Lambda throttles the function',
    );
  });

  it('is looked up only for a stage that is not blocked and at which something waits', async () => {
    const asked: string[] = [];
    const read = world.deps.mappings.read.bind(world.deps.mappings);
    const mappings = {
      ...world.deps.mappings,
      read: (id: string) => {
        asked.push(id);
        return read(id);
      },
    };
    const deps = { ...world.deps, mappings };
    queue({ visible: 7, inFlight: 0 });
    world.counts.set('lake.fifo', { visible: 7, inFlight: 0 });
    world.mode('lake', { held: true });
    await control({ source: 'aws.events' }, deps);
    asked.length = 0;
    await control({ source: 'aws.events' }, deps);
    // Once for each in any case, to bring it in line.
    expect(asked.sort()).toEqual(['mapping-crm', 'mapping-crm', 'mapping-lake', 'mapping-router']);
  });

  it.each([
    ['Enabled', undefined],
    ['Enabling', undefined],
    ['Updating', undefined],
    ['Disabled', "the queue's event source mapping is Disabled"],
    ['Deleting', "the queue's event source mapping is Deleting"],
  ])('a mapping that is %s: %s', (state, hint) => {
    expect(hintOf({ state }, undefined)).toBe(hint);
  });

  it('may be in Lambda’s words', () => {
    const mapping = { state: 'Enabled', trouble: 'PROBLEM: no permission' };
    expect(hintOf(mapping, { kind: 'answered', codeVersion: 'v' })).toBe(
      "Lambda says of the queue's event source mapping: PROBLEM: no permission",
    );
    expect(hintOf(undefined, { kind: 'unknown' })).toBeUndefined();
  });
});
