import { describe, expect, it } from '@jest/globals';
import { NOTHING_SHOWN } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { roomForMessage, roomForRequest } from '../../../lambdas/deliver/room.ts';
import { failingTransforms, plainTransforms } from '../../support/plain-transforms.ts';
import {
  a,
  answer,
  at,
  attempt,
  b,
  c,
  d,
  e,
  message,
  readBody,
  script,
  World,
  type Setting,
} from './world.ts';

describe('a message that is delivered', () => {
  it('goes out event by event, in order', async () => {
    const world = new World();
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['a'], ['b'], ['c']]);
    expect(world.requests.map(readBody)).toEqual([a, b, c]);
    expect(world.counted).toEqual({ EventsDelivered: 3 });
  });

  it('goes out in arrays of at most `batch`, which never hold events of two messages', async () => {
    const world = new World({ destination: { batch: 2 } });
    await world.run([a, b, c]);
    await world.run([d, e]);
    expect(world.requests.map(readBody)).toEqual([[a, b], [c], [d, e]]);
  });

  it('carries the values of its secrets', async () => {
    const world = new World({ destination: { headers: { 'x-key': { secretName: 'key' } } } });
    await world.run([a]);
    expect(world.requests[0]?.headers['x-key']).toBe('value of <key>');
  });
});

describe('the transform', () => {
  it('has its outputs delivered in place of the event; filtered events are counted', async () => {
    const world = new World({
      transform: ({ messageId }) =>
        messageId === 'b' ? null : messageId === 'c' ? [{ n: 1 }, { n: 2 }] : { whole: true },
    });
    expect(await world.run([a, b, c, d])).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['a'], ['c'], ['c:1'], ['d']]);
    expect(world.counted).toEqual({ EventsDelivered: 4, EventsFiltered: 1 });
  });

  it('may filter out all of a message', async () => {
    const world = new World({ transform: () => null });
    expect(await world.run([a, b])).toMatchObject({ kind: 'done' });
    expect(world.requests).toEqual([]);
    expect(world.counted).toEqual({ EventsFiltered: 2 });
  });

  it('that crashes at the last event has sent nothing', async () => {
    const world = new World({
      transform: (input) => {
        if (input['messageId'] === 'c') throw new RangeError('no such plan');
        return input;
      },
    });
    const crash = { kind: 'throw', error: 'RangeError: no such plan', eventId: 'c' };
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'crash', crash });
    expect([world.requests, world.counted]).toEqual([[], {}]);
  });

  it('that does not load is a crash as well, as the sandbox found it', async () => {
    const crash = { kind: 'load', error: 'SyntaxError: typo' } as const;
    const world = new World({ deps: { transforms: failingTransforms({ crash }) } });
    expect(await world.run([a])).toMatchObject({ kind: 'crash', crash });
  });

  it('whose secrets cannot be read is a fault, and not a crash', async () => {
    const transforms = failingTransforms(new InfraFault('GetSecretValue failed'));
    await expect(new World({ deps: { transforms } }).run([a])).rejects.toThrow(InfraFault);
  });

  it('gets the unfinished events, with their source and acceptance time', async () => {
    const transforms = plainTransforms((input) => input);
    const world = new World({ deps: { transforms } });
    await world.run([a, b, c], attempt(at(1)));
    const receivedAt = '2026-11-22T11:59:00.000Z';
    expect(transforms.jobs).toMatchObject([{ sourceId: 'web', receivedAt, events: [b, c] }]);
  });

  it('does not run on its own outputs: an operator resends a refused event', async () => {
    const world = new World({ transform: () => null });
    expect(await world.run(message([a], { transformed: true }))).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['a']]);
  });

  it('is not run on events that are finished', async () => {
    const seen: unknown[] = [];
    const world = new World({ transform: (input) => (seen.push(input['messageId']), input) });
    await world.run([a, b, c], attempt(at(2)));
    expect(seen).toEqual(['c']);
  });
});

describe('progress', () => {
  it('is where it stopped, and the next attempt continues from there', async () => {
    const world = new World({ reply: script(200, 500) });
    expect(await world.run([a, b, c])).toMatchObject({
      kind: 'retry',
      reason: 'answered 500: said',
      progress: at(1),
    });
    expect(await world.run([a, b, c], attempt(at(1)))).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['a'], ['b'], ['b'], ['c']]);
  });

  it('is absent at the very beginning', async () => {
    expect(await new World({ reply: script(500) }).run([a])).not.toHaveProperty('progress');
  });

  it('counts outputs within an event, and filtered events before it', async () => {
    const setting: Setting = {
      transform: ({ messageId }) => (messageId === 'a' ? null : [{ n: 0 }, { n: 1 }, { n: 2 }]),
      reply: script(200, 200, 500),
    };
    const world = new World(setting);
    const progress = at(1, { n: 0, messageId: 'b' }, { n: 1, messageId: 'b:1' });
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'retry', progress });
    expect(world.counted).toEqual({ EventsDelivered: 2, EventsFiltered: 1 });
    expect(await world.run([a, b, c], attempt(progress))).toMatchObject({ kind: 'done' });
    expect(world.sent.flat()).toEqual(['b', 'b:1', 'b:2', 'b:2', 'c', 'c:1', 'c:2']);
    expect(world.counted).toEqual({ EventsDelivered: 6, EventsFiltered: 1 });
  });

  it('within an event goes by the content of outputs: all other outputs of new code are delivered', async () => {
    const world = new World({ transform: () => [{ n: 5 }, { n: 1 }] });
    await world.run([a, b], attempt(at(1, { n: 0, messageId: 'b' }, { n: 1, messageId: 'b:1' })));
    expect(world.requests.map(readBody)).toEqual([{ n: 5, messageId: 'b' }]);
  });

  it('of outputs that the transform no longer returns is harmless', async () => {
    const world = new World({ transform: () => ({ n: 0 }) });
    const done = [0, 1, 2].map((n) => ({ n, messageId: n === 0 ? 'a' : `a:${n}` }));
    expect(await world.run([a, b], attempt(at(0, ...done)))).toMatchObject({ kind: 'done' });
    expect(world.sent).toEqual([['b']]);
  });

  it('of an earlier version has the event in the middle delivered again, from its first output on', async () => {
    const world = new World({ transform: () => [{ n: 0 }, { n: 1 }] });
    const old = { events: 1, outputs: 1, codeVersion: 'v1' };
    expect(await world.run([a, b], attempt(old))).toMatchObject({ kind: 'done' });
    expect(world.sent.flat()).toEqual(['b', 'b:1']);
  });

  it('of all events is done', async () => {
    const world = new World();
    expect(await world.run([a, b], attempt(at(2)))).toMatchObject({ kind: 'done' });
    expect(world.requests).toEqual([]);
  });
});

describe('time', () => {
  const room = roomForRequest({ requestTimeout: 10_000 });

  it('a request begins only if its worst case and a margin fit, and both always fit the least timeout', () => {
    expect(room).toBe(15_000);
    expect(roomForRequest({ requestTimeout: 300_000 })).toBe(307_000);
    for (const requestTimeout of [100, 10_000, 300_000]) {
      expect(roomForRequest({ requestTimeout })).toBeLessThan(2 * requestTimeout);
    }
  });

  it('a message begins only if it can be charged, sent and recorded; a stage with a short timeout still begins some', () => {
    expect(roomForMessage({ requestTimeout: 10_000, deliverTimeout: 60_000 })).toBe(24_000);
    for (const requestTimeout of [100, 10_000, 300_000]) {
      const timing = { requestTimeout, deliverTimeout: 2 * requestTimeout };
      expect(roomForMessage(timing)).toBeGreaterThanOrEqual(roomForRequest(timing));
      expect(roomForMessage(timing)).toBeLessThanOrEqual(0.75 * timing.deliverTimeout);
      // An event may take its whole time before a request begins.
      expect(roomForMessage(timing, 5_000)).toBe(roomForMessage(timing) + 5_000);
    }
  });

  it('stops before a request that might not end, with its progress', async () => {
    const world: World = new World({
      reply: () => {
        world.timeLeft -= 10_000;
        return answer(200);
      },
    });
    world.timeLeft = room + 10_000;
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'stopped', progress: at(2) });
    world.timeLeft = room - 1;
    expect(await world.run([a])).toEqual({ kind: 'stopped', shown: NOTHING_SHOWN });
    expect(world.sent).toEqual([['a'], ['b']]);
  });
});
