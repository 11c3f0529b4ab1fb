/** The router with deduplication: what it drops, what it never drops, and the cost of a failure. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lambdas/core/event/event.ts';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import type { SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import { message } from '../../support/fakes.ts';
import { failingTransforms, plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';
import { DeduplicationWorld, idsOf, packed, type Given } from './deduplication-world.ts';

let world: DeduplicationWorld;

beforeEach(() => {
  world = new DeduplicationWorld();
});

const DONE = { kind: 'done' };

describe('a repetition', () => {
  it('is dropped and counted, and the new events of its message are sent', async () => {
    await world.run(packed('m1', ['1', '2']));
    expect(await world.run(packed('m2', ['2', '3', '3']))).toMatchObject(DONE);
    expect(world.sent.map(idsOf)).toEqual([['1', '2'], ['3']]);
    expect(world.counts).toEqual({ EventsRouted: 3, EventsDuplicate: 2 });
  });

  it('of all events is done: nothing is sent or written, and no event goes through the transform', async () => {
    await world.run(packed('m1', ['1', '2']));
    const { writes } = world.store;
    const transforms = plainTransforms((event) => event);
    expect(await world.run(packed('m2', ['2', '1']), { transforms })).toMatchObject(DONE);
    expect(transforms.jobs.flatMap(({ events }) => events)).toEqual([]);
    expect(world.sent).toHaveLength(1);
    expect(world.store.writes).toBe(writes);
    expect(world.counts).toEqual({ EventsRouted: 2, EventsDuplicate: 2 });
  });

  it('is recognized by the id from ingest, whatever the transform returns', async () => {
    const transform: PlainTransform = (event) => ({ ...event, messageId: 'the same for all' });
    await world.run(packed('m1', ['1', '2']), { transform });
    await world.run(packed('m2', ['1', '3', 'the same for all']), { transform });
    expect(world.counts).toEqual({ EventsRouted: 4, EventsDuplicate: 1 });
  });

  it('of an event that the transform filtered out is dropped as well', async () => {
    await world.run(packed('m1', ['1']), { transform: () => null });
    await world.run(packed('m2', ['1']));
    expect(world.sent).toEqual([]);
    expect(world.counts).toMatchObject({ EventsFiltered: 1, EventsDuplicate: 1 });
  });

  it('of a rejected event does not count as one: the code may have been fixed', async () => {
    const big = (event: JsonObject) => ({ ...event, filler: 'x'.repeat(300_000) });
    const transform: PlainTransform = (event) => (event['messageId'] === '1' ? [event, big(event)] : event);
    await world.run(packed('m1', ['1', '2']), { transform });
    await world.run(packed('m2', ['1', '2']));
    expect(world.sent.map(idsOf)).toEqual([['1', '2'], ['1']]);
    expect(world.counts).toMatchObject({ EventsRejected: 1, EventsDuplicate: 1 });
  });

  it('under another order key does not count as one', async () => {
    await world.run(packed('m1', ['1'], {}, 'ada'));
    await world.run(packed('m2', ['1'], {}, 'bob'));
    expect(world.sentIds()).toEqual(['1', '1']);
  });

  it('is not recognized when an operator resends it, but is when an SDK sends it after that', async () => {
    await world.run(packed('m1', ['1']));
    await world.run(packed('m2', ['1', '2', '2'], { replay: true }));
    await world.run(packed('m3', ['1', '2']));
    expect(world.sent.map(idsOf)).toEqual([['1'], ['1', '2', '2']]);
    expect(world.counts).toEqual({ EventsRouted: 4, EventsDuplicate: 2 });
  });
});

describe('the calls of the store', () => {
  it('one read and one write for a packed message', async () => {
    await world.run(packed('m1', ['1', '2', '3']));
    expect([world.store.reads, world.store.writes]).toEqual([1, 1]);
  });

  it('none for a message without events', async () => {
    await world.run(message('m1', 'ada', { body: 'not an envelope' }));
    expect([world.store.reads, world.store.writes]).toEqual([0, 0]);
  });

  it('none when deduplication is off', async () => {
    await world.run(packed('m1', ['1', '1']), { off: true });
    await world.run(packed('m2', ['1']), { off: true });
    expect(world.sentIds()).toEqual(['1', '1', '1']);
    expect([world.store.reads, world.store.writes]).toEqual([0, 0]);
    expect(world.counts).toEqual({ EventsRouted: 3 });
  });
});

describe('a failure', () => {
  const failing = (call: 'read' | 'save', error: Error): SeenIdsStore => ({
    read: (key) => (call === 'read' ? Promise.reject(error) : world.store.read(key)),
    save: (key, seen) => (call === 'save' ? Promise.reject(error) : world.store.save(key, seen)),
  });

  it('of the read fails the message, with nothing sent', async () => {
    const given = { store: failing('read', new InfraFault('throttled')) };
    await expect(world.run(packed('m1', ['1']), given)).rejects.toThrow(InfraFault);
    expect(world.sent).toEqual([]);
  });

  it('of the write is reported, and the message is done: its events are delivered again only if they are sent again', async () => {
    const given = { store: failing('save', new InfraFault('throttled')) };
    expect(await world.run(packed('m1', ['1']), given)).toMatchObject(DONE);
    expect(world.warnings).toEqual([
      expect.stringMatching(/^could not record which events were routed.*throttled$/),
    ]);
    await world.run(packed('m2', ['1']));
    expect(world.sentIds()).toEqual(['1', '1']);
  });

  it('of our own code is a crash, and not treated as a lost record', async () => {
    const given = { store: failing('save', new TypeError('a slip')) };
    expect(await world.run(packed('m1', ['1']), given)).toMatchObject({
      kind: 'crash',
      crash: { error: 'TypeError: a slip' },
      shown: { delivered: 1 },
    });
  });

  const crash = { kind: 'exit', error: 'process.exit(1)', eventId: '1' } as const;

  it.each<[string, Given]>([
    ['of a queue', { send: () => Promise.reject(new InfraFault('SQS is down')) }],
    ['of a message that SQS does not take', { send: () => Promise.reject(new MessageRefused('too large')) }],
    ['of the transform', { transforms: failingTransforms({ crash }) }],
  ])('%s before everything is sent leaves no record: a repeated send is routed', async (_, given) => {
    const outcome = await world.run(packed('m1', ['1']), given).catch((error: unknown) => error);
    expect(outcome).not.toMatchObject(DONE);
    expect(world.store.writes).toBe(0);
    // The same events in another message, as when the first was parked, and then discarded.
    await world.run(packed('m2', ['1']));
    await world.run(packed('m1', ['1']));
    expect(world.sentIds()).toEqual(['1']);
  });
});
