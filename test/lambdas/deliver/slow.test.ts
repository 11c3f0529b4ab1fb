/** A message whose transform needs more time than an attempt has. */
import { describe, expect, it } from '@jest/globals';
import { NOTHING_SHOWN } from '../../../lambdas/core/stage/outcome.ts';
import { withProgress } from '../../../lambdas/core/stage/attempt-ledger.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { roomForRequest } from '../../../lambdas/deliver/room.ts';
import { plainTransforms } from '../../support/plain-transforms.ts';
import { answer, at, attempt, event, message, script, World, type Setting } from './world.ts';

const ids = Array.from({ length: 20 }, (_, i) => `e${i}`);
const events = ids.map((id) => event(id));
const ROOM = roomForRequest({ requestTimeout: 10_000 });

/** Runs attempts of one minute each, as the batch runner does. @returns where each of them stopped */
const runUntilDone = async (world: World, of = events): Promise<(number | undefined)[]> => {
  const stops: (number | undefined)[] = [];
  let known: Attempt | undefined;
  for (let tries = 0; tries < 50; tries += 1) {
    world.timeLeft = 60_000;
    const outcome = await world.run(of, known);
    if (outcome.kind === 'done') return stops;
    if (outcome.kind !== 'stopped') throw new Error(JSON.stringify(outcome));
    if (outcome.progress !== undefined) known = withProgress(known, outcome.progress);
    stops.push(outcome.progress?.events);
  }
  throw new Error('it never ends');
};

describe('a slow transform', () => {
  it('has its outputs delivered, and the next attempt continues after them', async () => {
    const world = new World({ transform: (input) => input, timing: { timeout: 5_000, takes: 4_000 } });
    // Half a minute suffices to begin eight events.
    expect(await runUntilDone(world)).toEqual([8, 16]);
    expect(world.sent.flat()).toEqual(ids);
    expect(world.counted).toEqual({ EventsDelivered: 20 });
  });

  it('leaves the other half of the time for the requests', async () => {
    const world: World = new World({
      transform: (input) => input,
      timing: { timeout: 5_000, takes: 4_000 },
      reply: () => {
        world.timeLeft -= 5_000;
        return answer(200);
      },
    });
    // 28 seconds are left after the transform: three requests of 5 seconds begin, each with room for the worst case.
    expect(await runUntilDone(world, events.slice(0, 8))).toEqual([3]);
    expect(world.sent.flat()).toEqual(ids.slice(0, 8));
  });

  it('gets half of the time, or less if an event and a request would not fit the rest', async () => {
    const given = async (timeLeft: number, timeout: number) => {
      const transforms = plainTransforms((input) => input, { timeout });
      const world = new World({ deps: { transforms } });
      world.timeLeft = timeLeft;
      await world.run(events.slice(0, 1));
      return transforms.jobs[0]?.time;
    };
    expect(await given(60_000, 5_000)).toBe(30_000);
    expect(await given(60_000, 20_000)).toBe(60_000 - 20_000 - ROOM);
    expect(await given(ROOM + 5_000, 5_000)).toBe(0);
  });

  it('that cannot begin an event has nothing sent, and stops where it was', async () => {
    const world = new World({ transform: (input) => input, timing: { timeout: 5_000 } });
    world.timeLeft = ROOM + 5_000;
    expect(await world.run(events)).toEqual({ kind: 'stopped', shown: NOTHING_SHOWN });
    const saved = at(3, event('e3', { n: 0 }));
    expect(await world.run(events, attempt(saved))).toMatchObject({ kind: 'stopped', progress: saved });
    expect([world.requests, world.counted]).toEqual([[], {}]);
  });

  it('that filters out all events it has time for makes progress nevertheless', async () => {
    const world = new World({ transform: () => null, timing: { limit: () => 6 } });
    expect(await runUntilDone(world)).toEqual([6, 12, 18]);
    expect(world.counted).toEqual({ EventsFiltered: 20 });
  });

  it('whose destination fails stops there, with the events that had no time yet behind it', async () => {
    const setting: Setting = {
      transform: (input) => input,
      timing: { limit: () => 4 },
      reply: script(200, 500),
    };
    const world = new World(setting);
    expect(await world.run(events)).toMatchObject({ kind: 'retry', progress: at(1) });
    expect(await world.run(events, attempt(at(1)))).toMatchObject({ kind: 'stopped', progress: at(5) });
    expect(world.sent.flat()).toEqual(['e0', 'e1', 'e1', 'e2', 'e3', 'e4']);
  });

  it('that crashes later sends nothing of that attempt, and what was delivered before stays delivered', async () => {
    const transform: NonNullable<Setting['transform']> = (input) => {
      if (input['messageId'] === 'e9') throw new TypeError('no such property');
      return input;
    };
    const world = new World({ transform, timing: { limit: () => 8 } });
    expect(await world.run(events)).toMatchObject({ kind: 'stopped', progress: at(8) });
    const crash = { error: 'TypeError: no such property', eventId: 'e9' };
    expect(await world.run(events, attempt(at(8)))).toMatchObject({ kind: 'crash', crash });
    expect(world.sent.flat()).toEqual(ids.slice(0, 8));
  });

  it('does not matter for events that it has processed already', async () => {
    const world = new World({ transform: () => null, timing: { limit: () => 0, timeout: 50_000 } });
    expect(await world.run(message(events, { transformed: true }))).toMatchObject({ kind: 'done' });
    expect(world.sent.flat()).toEqual(ids);
  });
});
