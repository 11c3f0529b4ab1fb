/** The evidence of a router's attempt about its stage, and the steps that a trial omits. */
import { describe, expect, it } from '@jest/globals';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { toMessageBody } from '../../../lambdas/core/event/envelope.ts';
import { AccessFault, InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { router } from '../../../lambdas/router/route.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { FakeRejections, message } from '../../support/fakes.ts';
import { plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';
import { packed, RouterWorld, type RouterSetting } from './world.ts';

const events = ['1', '2', '3'].map((messageId): SluiceEvent => ({ messageId }));
/** Two of them do not fit one message. */
const big = ['1', '2', '3'].map((messageId): SluiceEvent => ({ messageId, filler: 'x'.repeat(200_000) }));
const none = { delivered: 0, filtered: 0, rejected: 0 };
/** The second event is filtered out, and the third gets too large. */
const mixed: PlainTransform = (event) => {
  if (event['messageId'] === '2') return null;
  return event['messageId'] === '3' ? [event, { filler: 'x'.repeat(300_000) }] : event;
};
const worldOf = (transform?: PlainTransform, more: RouterSetting = {}) =>
  new RouterWorld({
    ...(transform === undefined ? {} : { transforms: plainTransforms(transform) }),
    ...more,
  });

/** The queue of one destination takes this many messages, and then fails. */
const failing = (id: string, after: number, error: Error): NonNullable<RouterSetting['gate']> => {
  let taken = 0;
  return (destination, take) => {
    if (destination === id && taken++ >= after) throw error;
    take();
  };
};

describe('an attempt shows', () => {
  it('what was delivered, filtered out and rejected, and why', async () => {
    expect(await worldOf(mixed).run(packed('m1', events))).toEqual({
      kind: 'done',
      shown: {
        delivered: 2,
        filtered: 1,
        rejected: 1,
        rejection: expect.stringMatching(/^after the transform the event has 300\d+ bytes/) as unknown,
      },
    });
  });

  it.each(['crm', 'lake'])('no delivery while the queue of %s accepts nothing', async (id) => {
    const world = worldOf(undefined, { gate: failing(id, 0, new InfraFault('SQS is down')) });
    const outcome = await world.run(packed('m1', events));
    const other = id === 'crm' ? 'lake' : 'crm';
    const progress = { events: 0, taken: { [other]: expect.stringMatching(/^.{18}$/) as unknown } };
    expect(outcome).toEqual({ kind: 'fault', reason: 'SQS is down', progress, shown: none });
    expect(world.queues[other].events).toHaveLength(3);
  });

  it('the events of the parts that every queue took, when a later part fails', async () => {
    const world = worldOf(undefined, { gate: failing('lake', 2, new InfraFault('SQS is down')) });
    expect(await world.run(packed('m1', big))).toEqual({
      kind: 'fault',
      reason: 'SQS is down',
      progress: {
        events: 0,
        taken: {
          crm: expect.stringMatching(/^.{18}$/) as unknown,
          lake: expect.stringMatching(/^.{12}$/) as unknown,
        },
      },
      shown: { ...none, delivered: 2 },
    });
    expect(world.queues.crm.events).toHaveLength(3);
  });

  it('a missing permission as such, even when another queue fails for another reason', async () => {
    const gate: RouterSetting['gate'] = (id) => {
      throw id === 'crm' ? new InfraFault('throttled') : new AccessFault('denied');
    };
    const outcome = await worldOf(undefined, { gate }).run(packed('m1', events));
    expect(outcome).toEqual({ kind: 'fault', reason: 'denied', access: true, shown: none });
  });

  it('what was rejected before AWS refused the message', async () => {
    const world = worldOf(mixed, { gate: failing('crm', 0, new MessageRefused('InvalidMessageContents')) });
    const shown = { delivered: 0, filtered: 0, rejected: 1 };
    expect(await world.run(packed('m1', events))).toMatchObject({ kind: 'refused', shown });
  });

  it('events without a destination as filtered', async () => {
    const process = router({
      stage: 'router',
      destinations: [{ id: 'crm', sources: ['ios'], send: () => Promise.reject(new Error('not asked')) }],
      transforms: PASS_THROUGH,
      timing: { routerTimeout: 60_000 },
      rejections: new FakeRejections(),
      clock: () => 42,
      count: () => undefined,
    });
    const processing = { attempt: undefined, isTrial: false, inOwnTrouble: false, timeLeft: () => 60_000 };
    const shown = { ...none, filtered: 3 };
    expect(await process(packed('m1', events), processing)).toEqual({ kind: 'done', shown });
  });

  it('events that were routed before as filtered', async () => {
    const world = worldOf(undefined, { deduplicates: true });
    await world.run(packed('m1', events));
    const shown = { ...none, filtered: 3 };
    expect(await world.run(packed('m2', events))).toEqual({ kind: 'done', shown });
  });

  it('the events routed so far when no time is left, or nothing when the transform crashes', async () => {
    const limit = () => 2;
    const world = new RouterWorld({ transforms: plainTransforms((event) => event, { limit }) });
    const shown = { ...none, delivered: 2 };
    expect(await world.run(packed('m1', events))).toMatchObject({ kind: 'stopped', shown });
    const crashing = worldOf(() => {
      throw new Error('no');
    });
    expect(await crashing.run(packed('m1', events))).toMatchObject({ kind: 'crash', shown: none });
  });

  it('a message that cannot be read as rejected', async () => {
    const outcome = await worldOf().run(message('m1', 'g', { body: '?' }));
    const rejection = 'the message is not an envelope of events that this version can read';
    expect(outcome).toEqual({ kind: 'done', shown: { ...none, rejected: 1, rejection } });
  });

  it("events that ingest rejected as filtered: they are not the router's trouble", async () => {
    const receivedAt = '2026-11-22T00:00:00.000Z';
    const content = { reason: 'no ids', size: 2, sha256: 'ab', body: '{}' };
    const body = toMessageBody({ v: 1, kind: 'rejected', sourceId: 'web', receivedAt, ...content });
    const shown = { ...none, filtered: 1 };
    expect(await worldOf().run(message('m1', 'g', { body }))).toEqual({ kind: 'done', shown });
  });
});

describe('a trial', () => {
  const trial = (world: RouterWorld): RouterWorld => Object.assign(world, { isTrial: true });

  it('stops at an event that would be rejected, and rejects nothing; what it sent before counts', async () => {
    const world = trial(worldOf(mixed));
    expect(await world.run(packed('m1', events))).toEqual({
      kind: 'retry',
      reason: expect.stringMatching(/^rejected: after the transform the event has 300\d+ bytes/) as unknown,
      progress: { events: 2 },
      shown: { delivered: 1, filtered: 1, rejected: 0 },
    });
    expect(world.queues.crm.events).toEqual([{ messageId: '1' }]);
    expect([world.rejections.of('router'), world.counts]).toEqual([
      [],
      { EventsRouted: 1, EventsFiltered: 1 },
    ]);
  });

  it('that begins with one has sent nothing', async () => {
    const world = trial(worldOf((event) => ({ ...event, filler: 'x'.repeat(300_000) })));
    const outcome = await world.run(packed('m1', events));
    expect(outcome).toMatchObject({ kind: 'retry', shown: none });
    expect(outcome).not.toHaveProperty('progress');
  });

  it('leaves an unreadable message in the queue', async () => {
    const world = trial(worldOf());
    const outcome = await world.run(message('m1', 'g', { body: '?' }));
    expect(outcome).toMatchObject({
      kind: 'retry',
      reason: 'rejected: the message is not an envelope of events that this version can read',
      shown: none,
    });
    expect([world.rejections.of('router'), world.counts]).toEqual([[], {}]);
  });

  it('delivers like an attempt in normal', async () => {
    const world = trial(worldOf());
    expect(await world.run(packed('m1', events))).toEqual({ kind: 'done', shown: { ...none, delivered: 3 } });
  });
});
