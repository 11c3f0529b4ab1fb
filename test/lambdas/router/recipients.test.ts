/** What the router sends where, when destinations do not get everything. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { plainTransforms } from '../../support/plain-transforms.ts';
import { packed, RouterWorld, type RouterSetting } from './world.ts';

const none = { delivered: 0, filtered: 0, rejected: 0 };
const ids = (events: readonly SluiceEvent[]): readonly string[] => events.map(({ messageId }) => messageId);
const sentTo = (world: RouterWorld) => ({
  crm: ids(world.queues.crm.events),
  lake: ids(world.queues.lake.events),
});
const typed = (messageId: string, type: string, more: object = {}): SluiceEvent => ({
  messageId,
  type,
  ...more,
});
const NO_CRM = { integrations: { All: false, crm: false, lake: true } };
const TRACKS = { filter: { type: 'track' } };

describe('a destination gets', () => {
  it('the events that are meant for it, in order, and each of the others is counted with its reason', async () => {
    const denied = { context: { consentManagement: { provider: 'oneTrust', deniedConsentIds: ['ads'] } } };
    const consentManagement = [{ provider: 'oneTrust', consents: ['ads'] }];
    const world = new RouterWorld({ routing: { crm: { ...TRACKS, consentManagement } } });
    const events = [
      typed('1', 'track'),
      typed('2', 'page'),
      typed('3', 'track', NO_CRM),
      typed('4', 'track', denied),
      typed('5', 'track'),
      typed('6', 'page'),
    ];
    expect(await world.run(packed('m1', events))).toEqual({ kind: 'done', shown: { ...none, delivered: 6 } });
    expect(sentTo(world)).toEqual({ crm: ['1', '5'], lake: ['1', '2', '3', '4', '5', '6'] });
    expect(world.counts).toEqual({
      EventsRouted: 6,
      'crm.EventsWithheldByFilter': 2,
      'crm.EventsWithheldByIntegrations': 1,
      'crm.EventsWithheldByConsent': 1,
    });
  });

  it('of the events that a transform makes of one those that match, each judged alone', async () => {
    const transforms = plainTransforms((event) => [
      { ...event, type: 'track' },
      { ...event, type: 'page' },
    ]);
    const world = new RouterWorld({
      transforms,
      routing: { crm: TRACKS, lake: { filter: { type: 'page' } } },
    });
    await world.run(packed('m1', [typed('1', 'identify')]));
    expect(sentTo(world)).toEqual({ crm: ['1'], lake: ['1:1'] });
  });
});

describe('an event that goes nowhere', () => {
  const nowhere = { integrations: { All: false } };

  it('is filtered, and its message is done', async () => {
    const world = new RouterWorld();
    const events = [typed('1', 'track', nowhere), typed('2', 'track')];
    const shown = { ...none, delivered: 1, filtered: 1 };
    expect(await world.run(packed('m1', events))).toEqual({ kind: 'done', shown });
    expect(sentTo(world)).toEqual({ crm: ['2'], lake: ['2'] });
    expect(world.counts).toMatchObject({ EventsRouted: 1, EventsFiltered: 1 });
  });

  it('alone in its message sends nothing', async () => {
    const world = new RouterWorld({ gate: () => expect(true).toBe(false) });
    const outcome = await world.run(packed('m1', [typed('1', 'track', nowhere)]));
    expect(outcome).toEqual({ kind: 'done', shown: { ...none, filtered: 1 } });
    expect(world.counts).toEqual({
      EventsFiltered: 1,
      'crm.EventsWithheldByIntegrations': 1,
      'lake.EventsWithheldByIntegrations': 1,
    });
  });
});

describe('when a queue does not take its part', () => {
  const failing =
    (id: string): NonNullable<RouterSetting['gate']> =>
    (destination, take) => {
      if (destination === id) throw new InfraFault('SQS is down');
      take();
    };
  const events = [typed('1', 'track', NO_CRM), typed('2', 'track')];

  it('what it does not get counts as delivered when its part is taken, and nothing is counted twice', async () => {
    const world = new RouterWorld({ gate: failing('crm') });
    const outcome = await world.run(packed('m1', events));
    expect(outcome).toMatchObject({ kind: 'fault', reason: 'SQS is down', shown: none });
    expect(world.counts).toEqual({});
    world.deploy({});
    await world.runUntilDone(packed('m1', events));
    expect(sentTo(world)).toEqual({ crm: ['2'], lake: ['1', '2'] });
    expect(world.counts).toEqual({ EventsRouted: 2, 'crm.EventsWithheldByIntegrations': 1 });
  });
});

/** A deployment between two attempts at a message may change who gets what. */
it('whatever is deployed between attempts, no destination gets an event twice, or misses one that every deployment gives it', async () => {
  const TYPES = ['track', 'page', 'identify'];
  const filterOf = (types: readonly string[]) => ({ filter: { type: { $in: ['none', ...types] } } });
  const types = fc.subarray(TYPES);
  const deployment = fc.record({ crm: types, lake: types, down: fc.constantFrom('crm', 'lake', undefined) });
  const event = fc.record({
    type: fc.constantFrom(...TYPES),
    // Two of the larger do not fit one message.
    filler: fc.constantFrom('', 'x'.repeat(150_000)),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 6 }),
      fc.array(deployment, { minLength: 1, maxLength: 4 }),
      async (drawn, deployments) => {
        const events = drawn.map((one, i): SluiceEvent => ({ messageId: String(i), ...one }));
        const world = new RouterWorld();
        let used = 0;
        for (const [i, { crm, lake, down }] of deployments.entries()) {
          used += 1;
          const isLast = i === deployments.length - 1;
          world.deploy({
            routing: { crm: filterOf(crm), lake: filterOf(lake) },
            gate: (id, take) => {
              if (!isLast && id === down) throw new InfraFault('SQS is down');
              take();
            },
          });
          const { kind } = await world.run(packed('m1', events));
          if (kind === 'done') break;
        }
        const attempted = deployments.slice(0, used);
        for (const id of ['crm', 'lake'] as const) {
          const got = ids(world.queues[id].events);
          const givenBy = (test: 'some' | 'every') =>
            ids(events.filter((_, i) => attempted[test]((one) => one[id].includes(drawn[i]?.type ?? ''))));
          expect(got).toEqual([...new Set(got)]);
          expect(givenBy('some')).toEqual(expect.arrayContaining([...got]));
          expect(got).toEqual(expect.arrayContaining([...givenBy('every')]));
        }
      },
    ),
    { numRuns: 100 },
  );
});
