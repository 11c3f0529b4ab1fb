/** A message whose transform needs more time than an attempt has: it is routed in parts, each of them exactly once. */
import { describe, expect, it, test } from '@jest/globals';
import { NOTHING_SHOWN } from '../../../lambdas/core/stage/outcome.ts';
import fc from 'fast-check';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { plainTransforms, type PlainTransform } from '../../support/plain-transforms.ts';
import { packed, RouterWorld, type RouterSetting } from './world.ts';

const events = Array.from({ length: 20 }, (_, i): SluiceEvent => ({ messageId: `e${i}` }));
const ids = events.map(({ messageId }) => messageId);
const pass: PlainTransform = (event) => event;
const idsIn = (world: RouterWorld, id: 'crm' | 'lake' = 'crm') =>
  world.queues[id].events.map(({ messageId }) => messageId);
/** A router whose transform has time for at most `limit` events in an attempt. */
const limited = (limit: number, transform = pass, more: RouterSetting = {}) =>
  new RouterWorld({ transforms: plainTransforms(transform, { limit: () => limit }), ...more });

describe('a long message', () => {
  it('is routed in several attempts, each behind the last', async () => {
    const world = limited(8);
    expect(await world.runUntilDone(packed('m1', events))).toEqual([8, 16]);
    expect([idsIn(world), idsIn(world, 'lake')]).toEqual([ids, ids]);
    expect(world.counts).toEqual({ EventsRouted: 20 });
  });

  it('begins events as long as one more can take its whole time before the parts are sent', async () => {
    const given = async (deduplicates: boolean) => {
      const transforms = plainTransforms(pass, { timeout: 5_000 });
      await new RouterWorld({ transforms, deduplicates }).run(packed('m1', events));
      return transforms.jobs[0]?.time;
    };
    expect(await given(false)).toBe(60_000 - 5_000 - 14_000);
    expect(await given(true)).toBe(60_000 - 5_000 - 21_000);
  });

  it('keeps its progress when no event could be begun', async () => {
    const transforms = plainTransforms(pass, { timeout: 5_000 });
    const world = new RouterWorld({ transforms });
    world.timeLeft = 19_000;
    expect(await world.run(packed('m1', events))).toEqual({ kind: 'stopped', shown: NOTHING_SHOWN });
    const attempt = { failures: 0, progress: { events: 7 } };
    expect(await world.run(packed('m1', events), attempt)).toEqual({ kind: 'stopped', shown: NOTHING_SHOWN });
    expect([idsIn(world), world.counts]).toEqual([[], {}]);
    world.timeLeft += 1;
    expect(await world.run(packed('m1', events), attempt)).toMatchObject({ kind: 'done' });
    expect(idsIn(world)).toEqual(ids.slice(7));
  });

  it('of filtered events makes progress nevertheless', async () => {
    const world = limited(8, () => null);
    expect(await world.runUntilDone(packed('m1', events))).toEqual([8, 16]);
    expect([idsIn(world), world.counts]).toEqual([[], { EventsFiltered: 20 }]);
  });

  it('of identical events has all of them delivered: SQS does not deduplicate them', async () => {
    const alike = Array.from({ length: 5 }, (): SluiceEvent => ({ messageId: 'same' }));
    const world = limited(1);
    await world.runUntilDone(packed('m1', alike));
    expect(world.queues.crm.events).toEqual(alike);
  });

  it('that is sent again after a death is deduplicated by SQS', async () => {
    const world = limited(8);
    const attempt = { failures: 0, progress: { events: 8 } };
    for (let tries = 0; tries < 2; tries += 1) await world.run(packed('m1', events), attempt);
    expect(idsIn(world)).toEqual(ids.slice(8, 16));
  });

  it('that crashes later sends nothing of that attempt, and what was routed before stays routed', async () => {
    const transform: PlainTransform = (event) => {
      if (event['messageId'] === 'e9') throw new TypeError('no such property');
      return event;
    };
    const world = limited(8, transform);
    expect(await world.run(packed('m1', events))).toMatchObject({ kind: 'stopped', progress: { events: 8 } });
    const attempt = { failures: 0, progress: { events: 8 } };
    expect(await world.run(packed('m1', events), attempt)).toMatchObject({
      kind: 'crash',
      crash: { error: 'TypeError: no such property', eventId: 'e9' },
    });
    expect(idsIn(world)).toEqual(ids.slice(0, 8));
  });

  it('with an output in the middle that is too large keeps it under its place in the message, once', async () => {
    const transform: PlainTransform = (event) =>
      event['messageId'] === 'e10' ? [event, { filler: 'x'.repeat(300_000) }] : event;
    const failing = { times: 1 };
    const world = limited(8, transform, {
      gate: (destination, take) => {
        // The second part fails once, when the record is written already.
        if (destination === 'lake' && idsIn(world, 'lake').length > 0 && failing.times-- > 0)
          throw new InfraFault('SQS is down');
        take();
      },
    });
    const stops = await world.runUntilDone(packed('m1', events), () => undefined);
    expect(stops).toEqual([8, 8, 16]);
    expect([idsIn(world), idsIn(world, 'lake')]).toEqual([ids, ids]);
    expect(world.rejections.of('router').map(({ id }) => id)).toEqual([
      expect.stringMatching(/^m1:10:1:[0-9a-f]{16}$/),
    ]);
  });
});

describe('with deduplication', () => {
  const repeated = ['e0', 'e1', 'e0', 'e2', 'e1', 'e3', 'e3', 'e4'].map((messageId) => ({ messageId }));

  it('a repetition is dropped and counted once, in whichever attempt it is', async () => {
    for (const limit of [1, 2, 3, 5]) {
      const world = limited(limit, pass, { deduplicates: true });
      await world.runUntilDone(packed('m1', repeated));
      expect(idsIn(world)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
      expect(world.counts).toEqual({ EventsRouted: 5, EventsDuplicate: 3 });
    }
  });

  it('repetitions at the beginning are counted once, also when there is no time for what follows them', async () => {
    let limit = Infinity;
    const transforms = plainTransforms(pass, { limit: () => limit });
    const world = new RouterWorld({ transforms, deduplicates: true });
    await world.run(packed('m1', events.slice(0, 3)));
    limit = 0;
    const stopped = { kind: 'stopped', progress: { events: 3 } };
    expect(await world.run(packed('m2', events.slice(0, 5)))).toMatchObject(stopped);
    limit = Infinity;
    const attempt = { failures: 0, progress: { events: 3 } };
    expect(await world.run(packed('m2', events.slice(0, 5)), attempt)).toMatchObject({ kind: 'done' });
    expect(idsIn(world)).toEqual(ids.slice(0, 5));
    expect(world.counts).toEqual({ EventsRouted: 5, EventsDuplicate: 3 });
  });

  it('what an attempt has routed is known at the next message, before this one is done', async () => {
    const world = limited(8, pass, { deduplicates: true });
    await world.run(packed('m1', events));
    await world.run(packed('m2', events.slice(5, 10)));
    expect(idsIn(world)).toEqual([...ids.slice(0, 8), 'e8', 'e9']);
  });

  it('its own record takes nothing from a message that is routed again from the beginning', async () => {
    const world = limited(8, pass, { deduplicates: true });
    await world.run(packed('m1', events));
    // The progress was lost: the same part goes out, which SQS knows, and then the rest.
    expect(await world.runUntilDone(packed('m1', events))).toEqual([8, 16]);
    expect(idsIn(world)).toEqual(ids);
  });
});

describe('wherever an attempt stops', () => {
  /** `kind`: the kind of output of the transform. */
  const anyEvent = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    kind: fc.oneof(
      { arbitrary: fc.constantFrom('same', 'same', 'none', 'two', 'alike'), weight: 30 },
      { arbitrary: fc.constant('large'), weight: 1 },
    ),
  });
  const scenario = fc.record({
    given: fc.array(anyEvent, { minLength: 1, maxLength: 12 }),
    /** Events that each attempt has time for; then all. */
    limits: fc.array(fc.nat(4), { maxLength: 8 }),
    deduplicates: fc.boolean(),
  });
  /** For each message to a queue: whether it fails before or after the queue takes it; later messages do not fail. */
  const anyFaults = fc.array(fc.constantFrom('none', 'none', 'before', 'after'), { maxLength: 10 });

  const large = 'x'.repeat(250_000);
  const transform: PlainTransform = (event) => {
    const { kind } = event;
    if (kind === 'none') return null;
    if (kind === 'two') return [event, { ...event, second: true }];
    if (kind === 'alike') return { messageId: 'alike' };
    return kind === 'large' ? [event, { large }] : event;
  };
  type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

  const routed = async ({ given, limits, deduplicates }: Scenario, faults: readonly string[]) => {
    let [attempts, sends] = [0, 0];
    const transforms = plainTransforms(transform, { limit: () => limits[attempts++] ?? Infinity });
    const world = new RouterWorld({
      transforms,
      deduplicates,
      gate: (_, take) => {
        const fault = faults[sends++] ?? 'none';
        if (fault !== 'before') take();
        if (fault !== 'none') throw new InfraFault(fault);
      },
    });
    const all = given.map(({ id, kind }): SluiceEvent => ({ messageId: id, kind }));
    await world.runUntilDone(packed('m1', all), () => undefined);
    const isFirst = ({ messageId }: SluiceEvent, i: number) =>
      all.findIndex((other) => other.messageId === messageId) === i;
    const fresh = deduplicates ? all.filter(isFirst) : all;
    const job = { sourceId: 'web', receivedAt: '', events: fresh, time: 1 };
    const { made } = await plainTransforms(transform).run(job);
    return { world, fresh, all, whole: made.flat().filter((event) => !('large' in event)) };
  };

  test('every output is routed once, in order, to every destination', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (of) => {
        const { world, fresh, all, whole } = await routed(of, []);
        expect(world.queues.crm.events).toEqual(whole);
        expect(world.queues.lake.events).toEqual(whole);
        const { EventsDuplicate = 0, EventsFiltered = 0, EventsRouted = 0 } = world.counts;
        expect(EventsDuplicate).toBe(all.length - fresh.length);
        expect(EventsFiltered).toBe(fresh.filter(({ kind }) => kind === 'none').length);
        expect(EventsRouted).toBe(whole.length);
        expect(world.rejections.of('router')).toHaveLength(
          fresh.filter(({ kind }) => kind === 'large').length,
        );
      }),
      { numRuns: 200 },
    );
  });

  test('nothing is left out when queues fail as well, and the first copies are in order', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, anyFaults, async (of, faults) => {
        const { world, whole } = await routed(of, faults);
        for (const { events: got } of Object.values(world.queues)) {
          const json = got.map((event) => JSON.stringify(event));
          let from = 0;
          for (const one of whole) {
            const at = json.indexOf(JSON.stringify(one), from);
            expect(at).toBeGreaterThanOrEqual(from);
            from = at + 1;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
