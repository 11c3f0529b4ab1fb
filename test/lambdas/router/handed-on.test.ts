/** A message that the router leaves as it is reaches the queues with the text that it came with. */
import { describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { message } from '../../support/fakes.ts';
import { plainTransforms } from '../../support/plain-transforms.ts';
import { packed, RouterWorld, type RouterSetting } from './world.ts';

/** As no writer of ours makes it: it shows whether it was written again. */
const EVENTS =
  '[ {"messageId":"e1", "userId":"ada","n":1.0,"n":1.00}, {"userId":"ada","messageId":"\\u0065\\u0032"} ]';
const HEADER = '{ "v":1,"kind":"events","sourceId":"web","receivedAt":"2026-11-22T00:00:00.000Z"';
const BODY = `${HEADER},"events":${EVENTS}}`;
const incoming = (body = BODY) => message('m1', 'ada', { body });

const bodies = async (setting: RouterSetting, body?: string, attempt?: Attempt) => {
  const world = new RouterWorld(setting);
  const outcome = await world.run(incoming(body), attempt);
  expect(outcome.kind).toBe('done');
  const of = (queue: 'crm' | 'lake') => world.queues[queue].messages.map((sent) => sent.body);
  return { crm: of('crm'), lake: of('lake'), counts: world.counts };
};

describe('the text stays', () => {
  it.each<[string, RouterSetting]>([
    ['without a transform', {}],
    ['with deduplication that finds no repetition', { deduplicates: true }],
    ['with rules that let all of it through', { routing: { crm: { filter: { userId: 'ada' } } } }],
  ])('%s', async (_, setting) => {
    const { crm, lake, counts } = await bodies(setting);
    expect(crm).toEqual([BODY]);
    expect(lake).toEqual([BODY]);
    expect(counts).toEqual({ EventsRouted: 2 });
  });
});

describe('the text is written again', () => {
  const again = [expect.not.stringContaining('{ ')];

  it('for a destination that does not get all of it, and for no other', async () => {
    const { crm, lake } = await bodies({ routing: { lake: { filter: { messageId: 'e2' } } } });
    expect(crm).toEqual([BODY]);
    expect(lake).toEqual([expect.stringContaining('"events":[{"userId":"ada","messageId":"e2"}]')]);
  });

  it('is left out where a destination gets nothing of it', async () => {
    const { lake } = await bodies({ routing: { lake: { filter: { userId: 'bob' } } } });
    expect(lake).toEqual([]);
  });

  it('after a transform', async () => {
    const transforms = plainTransforms((event) => ({ ...event }));
    expect((await bodies({ transforms })).crm).toEqual(again);
  });

  it('of what is left of it', async () => {
    const { crm } = await bodies({}, BODY, { failures: 0, progress: { events: 1 } });
    expect(crm).toEqual([expect.stringContaining('"events":[{"userId":"ada","messageId":"e2"}]')]);
  });

  it('without what concerns the router alone, or what a later version adds', async () => {
    for (const more of [',"replay":true', ',"later":1']) {
      const { crm } = await bodies({ deduplicates: true }, `${HEADER}${more},"events":${EVENTS}}`);
      expect(crm).toEqual(again);
      expect(crm[0]).not.toMatch(/replay|later/);
    }
  });

  it('without a repetition', async () => {
    const world = new RouterWorld({ deduplicates: true });
    await world.run(packed('m0', [{ messageId: 'e1', userId: 'ada' }]));
    await world.run(incoming());
    expect(world.queues.crm.events.map(({ messageId }) => messageId)).toEqual(['e1', 'e2']);
  });
});

it('a second attempt has the same deduplication id: a queue that took it keeps one', async () => {
  let failures = 1;
  const world = new RouterWorld({
    gate: (destination, take) => {
      take();
      if (destination === 'lake' && failures-- > 0) throw new InfraFault('no answer');
    },
  });
  await world.runUntilDone(incoming(), () => undefined);
  expect(world.queues.lake.messages).toHaveLength(1);
  expect(world.queues.crm.messages).toHaveLength(1);
});

it('an event that is too large for a queue is rejected all the same', async () => {
  const large = `"${'x'.repeat(250_000)}"`;
  const world = new RouterWorld();
  const body = `${HEADER},"events":[{"messageId":"e1","userId":"ada","more":${large}}]}`;
  await world.run(incoming(body));
  expect(world.queues.crm.messages).toEqual([]);
  expect(world.counts).toMatchObject({ EventsRejected: 1 });
});
