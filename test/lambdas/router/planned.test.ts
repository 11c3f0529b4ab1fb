/** What the router makes of events that violate their source's tracking plan. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { RouterDeps } from '../../../lambdas/router/route.ts';
import { planJudge } from '../../../lambdas/router/tracking-plan.ts';
import type { OnViolation } from '../../../contract/plan.ts';
import { EvidenceStage, shown } from '../../support/evidence-stage.ts';
import { plainTransforms } from '../../support/plain-transforms.ts';
import { deployedPlan, withProperties, type Deployed } from '../../support/plans.ts';
import { packed, RouterWorld, type RouterSetting } from './world.ts';

let deployed: Deployed;
beforeAll(async () => {
  deployed = await deployedPlan([{ name: 'Paid', schema: withProperties({ total: { type: 'number' } }) }]);
});
const plans = (onViolation: OnViolation): RouterDeps['plans'] =>
  new Map([['web', planJudge({ ...deployed.settings, onViolation }, deployed.validators)]]);

const paid = (messageId: string, total: unknown): SluiceEvent =>
  ({ messageId, type: 'track', event: 'Paid', properties: { total } }) as SluiceEvent;
const [good, bad, later] = [paid('1', 1), paid('2', 'two'), paid('3', 3)];
const ids = (events: readonly SluiceEvent[]): readonly string[] => events.map(({ messageId }) => messageId);
const sentTo = (world: RouterWorld) => ({
  crm: ids(world.queues.crm.events),
  lake: ids(world.queues.lake.events),
});
const all = ['1', '2', '3'];
const none = { delivered: 0, filtered: 0, rejected: 0 };
const marks = (events: readonly SluiceEvent[]): boolean[] =>
  events.map(({ context }) => Object.hasOwn((context as object | undefined) ?? {}, 'violationErrors'));

describe('mark', () => {
  it('sends the event everywhere, in its place, with its violations', async () => {
    const world = new RouterWorld({ plans: plans('mark') });
    expect(await world.run(packed('m1', [good, bad, later]))).toEqual({
      kind: 'done',
      shown: { ...none, delivered: 3 },
    });
    expect(sentTo(world)).toEqual({ crm: all, lake: all });
    expect(marks(world.queues.crm.events)).toEqual([false, true, false]);
    expect(world.counts).toEqual({ EventsRouted: 3, EventsViolatingPlan: 1 });
  });

  it('is seen by the transform, and by filters', async () => {
    const transforms = plainTransforms((event) => ({
      ...event,
      saw: marks([event as SluiceEvent])[0] ?? false,
    }));
    const filter = { 'context.violationErrors': { $exists: false } };
    const world = new RouterWorld({ plans: plans('mark'), transforms, routing: { crm: { filter } } });
    await world.run(packed('m1', [good, bad]));
    expect(sentTo(world)).toEqual({ crm: ['1'], lake: ['1', '2'] });
    expect(world.queues.lake.events.map(({ saw }) => saw)).toEqual([false, true]);
  });
});

describe('reject', () => {
  it('keeps the event as it came with the reason, and sends the others on', async () => {
    const world = new RouterWorld({ plans: plans('reject') });
    expect(await world.run(packed('m1', [good, bad, later]))).toEqual({
      kind: 'done',
      shown: { ...none, delivered: 2, filtered: 1 },
    });
    expect(sentTo(world)).toEqual({ crm: ['1', '3'], lake: ['1', '3'] });
    const kept = world.rejections.of('router');
    expect(kept).toMatchObject([
      {
        sourceId: 'web',
        body: JSON.stringify(bad),
        reason: 'tracking plan: /properties/total must be number',
      },
    ]);
    expect(world.counts).toEqual({ EventsRouted: 2, EventsRejected: 1, EventsViolatingPlan: 1 });
  });

  it('shows the transform none of it, and keeps the places of those that it makes more of', async () => {
    const seen: unknown[] = [];
    const transforms = plainTransforms((event) => {
      seen.push(event['messageId']);
      return event['messageId'] === '1' ? [event, { more: true }] : event;
    });
    const world = new RouterWorld({ plans: plans('reject'), transforms });
    await world.run(packed('m1', [bad, good, bad, later, bad]));
    expect(seen).toEqual(['1', '3']);
    expect(sentTo(world).crm).toEqual(['1', '1:1', '3']);
  });

  it('continues where the transform had no more time, and rejects nothing twice', async () => {
    const world: RouterWorld = new RouterWorld({
      plans: plans('reject'),
      transforms: plainTransforms((event) => event, { limit: () => 1 }),
    });
    const stops = await world.runUntilDone(packed('m1', [bad, good, bad, later, bad]));
    expect(stops.length).toBeGreaterThan(0);
    expect(sentTo(world).crm).toEqual(['1', '3']);
    expect(world.rejections.of('router')).toHaveLength(3);
  });

  it('is the same record when the message is tried again', async () => {
    let isDown = true;
    const gate: RouterSetting['gate'] = (_, take) => {
      if (isDown) throw new InfraFault('SQS is down');
      take();
    };
    const world = new RouterWorld({ plans: plans('reject'), gate });
    const message = packed('m1', [good, bad]);
    expect(await world.run(message)).toMatchObject({ kind: 'fault' });
    isDown = false;
    expect(await world.run(message)).toMatchObject({ kind: 'done' });
    expect(world.rejections.of('router')).toHaveLength(1);
  });

  it('is not remembered as routed: the event may be sent again when the plan is corrected', async () => {
    const world = new RouterWorld({ plans: plans('reject'), deduplicates: true });
    await world.run(packed('m1', [good, bad]));
    world.deploy({ plans: plans('mark'), deduplicates: true });
    await world.run(packed('m2', [good, bad]));
    expect(sentTo(world).crm).toEqual(['1', '2']);
  });

  it('happens in a trial as well, as to what ingest rejects: the event would be rejected whatever the code', async () => {
    const world = new RouterWorld({ plans: plans('reject') });
    world.isTrial = true;
    expect(await world.run(packed('m1', [bad]))).toEqual({ kind: 'done', shown: { ...none, filtered: 1 } });
    expect(world.rejections.of('router')).toHaveLength(1);
  });
});

describe('only', () => {
  it('sends the marked event to those destinations, and counts it for the others', async () => {
    const world = new RouterWorld({ plans: plans({ only: ['lake'] }) });
    expect(await world.run(packed('m1', [good, bad, later]))).toEqual({
      kind: 'done',
      shown: { ...none, delivered: 3 },
    });
    expect(sentTo(world)).toEqual({ crm: ['1', '3'], lake: all });
    expect(marks(world.queues.lake.events)).toEqual([false, true, false]);
    expect(world.counts).toEqual({ EventsRouted: 3, EventsViolatingPlan: 1, 'crm.EventsWithheldByPlan': 1 });
  });

  it('holds for all that a transform makes of it, and filters still decide', async () => {
    const transforms = plainTransforms((event) => [event, { ...event, type: 'page' }]);
    const world = new RouterWorld({
      plans: plans({ only: ['lake'] }),
      transforms,
      routing: { lake: { filter: { type: 'page' } } },
    });
    await world.run(packed('m1', [bad]));
    expect(sentTo(world)).toEqual({ crm: [], lake: ['2:1'] });
  });
});

it('without a plan of its source, and without a violation, a message is handed on as the text that came', async () => {
  for (const setting of [{}, { plans: plans('reject') }]) {
    const world = new RouterWorld(setting);
    const message = packed('m1', [good, later]);
    await world.run(message);
    expect(world.queues.crm.messages.map(({ body }) => body)).toEqual([message.body]);
  }
  const world = new RouterWorld({ plans: plans('reject') });
  await world.run(packed('m1', [bad], { sourceId: 'app' }));
  expect(sentTo(world).crm).toEqual(['2']);
});

it.each<OnViolation>(['mark', 'reject', { only: ['lake'] }])(
  'a stream of violations degrades nothing: it is no evidence (%j)',
  async (onViolation) => {
    const world = new RouterWorld({ plans: plans(onViolation) });
    const outcome = await world.run(packed('m1', [bad, bad]));
    const stage = new EvidenceStage();
    for (let i = 0; i < 100; i += 1) {
      stage.now += 10_000;
      await stage.attempt(outcome, `a${i}`);
    }
    expect(stage.reported().filter((call) => call !== 'saveProgress')).toEqual([]);

    const refused = new EvidenceStage();
    await refused.attempt({ kind: 'done', ...shown({ rejected: 1, rejection: 'answered 400' }) });
    expect(refused.reported().filter((call) => call !== 'saveProgress')).not.toEqual([]);
  },
);
