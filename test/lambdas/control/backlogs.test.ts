/** How long the queues are, and how much of each is one user's: metrics of each minute, and what `status` names. */
import { beforeEach, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { HIDES_OTHERS } from '../../../lambdas/core/stage/crowding.ts';
import { START, World } from './world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const minute = () => control({ source: 'aws.events' }, world.deps);
const report = (by: string, key: string, backlog: number) => ({ by, key, backlog, age: 60_000, at: START });

it('the longest queue is a metric of the pipeline, every minute', async () => {
  await minute();
  world.counts.set('crm.fifo', { visible: 61_000, inFlight: 9 });
  world.counts.set('lake.fifo', { visible: 10, inFlight: 0 });
  await minute();
  expect(world.metric('QueueBacklog')).toEqual([0, 61_009]);
});

it('the largest backlog of a user is a metric of its stage and of the pipeline', async () => {
  world.counts.set('crm.fifo', { visible: 61_000, inFlight: 0 });
  world.counts.set('lake.fifo', { visible: 700, inFlight: 0 });
  await world.hotKeys.saveHotKeys('crm', [report('a', 'kiosk', 30_000), report('a', 'ann', 200)]);
  await world.hotKeys.saveHotKeys('crm', [report('b', 'kiosk', 25_000)]);
  await world.hotKeys.saveHotKeys('lake', [report('a', 'kiosk', 90_000)]);
  await minute();
  expect(world.metric('KeyBacklog', 'crm')).toEqual([55_000]);
  expect(world.metric('KeyBacklog', 'lake')).toEqual([700]);
  expect(world.metric('KeyBacklog', 'router')).toEqual([]);
  expect(world.metric('KeyBacklog')).toEqual([55_000]);
});

it('is 0 when nobody is behind', async () => {
  await minute();
  expect(world.metric('KeyBacklog')).toEqual([0]);
});

it('status names the keys, the largest backlog first, and none where none is behind', async () => {
  world.counts.set('crm.fifo', { visible: 61_000, inFlight: 0 });
  await world.hotKeys.saveHotKeys('crm', [report('a', 'ann', 200), report('a', 'kiosk', 30_000)]);
  const answer = await control({ command: 'status' }, world.deps);
  expect(answer).toHaveProperty('result.stages.1.hotKeys', [
    { key: 'kiosk', backlog: 30_000, age: 60_000, at: START },
    { key: 'ann', backlog: 200, age: 60_000, at: START },
  ]);
  for (const stage of ['0', '2']) expect(answer).not.toHaveProperty(`result.stages.${stage}.hotKeys`);
});

it('users who are parked for their backlog are parked keys, and no page', async () => {
  for (let n = 0; n < 10; n++)
    await world.parking.touchHead('crm', `kiosk-${n}`, { token: 't', now: world.now, reason: HIDES_OTHERS });
  await minute();
  expect(world.metric('ParkedKeys', 'crm')).toEqual([10]);
  expect(world.metric('UsersParked')).toEqual([0]);
});
