/** Several messages of a user that are sent as one: what goes out, and what each message is told. */
import { describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { MAX_MESSAGE_BYTES } from '../../../lambdas/core/base/limits.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { EventsEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import { a, at, b, c, d, e, event, message, script, World, type Setting } from './world.ts';

type Given = readonly SluiceEvent[] | readonly [readonly SluiceEvent[], Partial<EventsEnvelope>];

const isWithEnvelope = (given: Given): given is Exclude<Given, readonly SluiceEvent[]> =>
  Array.isArray(given[0]);

/** Messages m0, m1, ... with these events. */
const messages = (...given: Given[]): IncomingMessage[] =>
  given.map((one, i) => {
    const [events, envelope] = isWithEnvelope(one) ? one : [one, {}];
    return { ...message(events, envelope), id: `m${String(i)}` };
  });

const batchOf = (batch: number, more: Setting = {}): World => new World({ ...more, destination: { batch } });

const run = async (world: World, unit: readonly IncomingMessage[]): Promise<readonly Outcome[]> => {
  const { process, isTrial, inOwnTrouble } = world;
  if (process.unit === undefined) throw new Error('it takes no units');
  const timeLeft = () => world.timeLeft;
  return process.unit(unit, { attempt: undefined, isTrial, inOwnTrouble, timeLeft });
};

/** Makes two events of each, so that a unit has more requests than one. */
const splitting: NonNullable<Setting['transform']> = ({ messageId }) =>
  [1, 2].map((n) => event(`${messageId as string}${n}`));

const done = (delivered: number, filtered = 0, rejected = 0) => ({
  kind: 'done',
  shown: { delivered, filtered, rejected },
});

describe('several messages as one', () => {
  it('are sent in one request, in order, and each is done', async () => {
    const world = batchOf(5);
    expect(await run(world, messages([a], [b, c], [d]))).toEqual([done(1), done(2), done(1)]);
    expect(world.sent).toEqual([['a', 'b', 'c', 'd']]);
    expect(world.counted).toEqual({ EventsDelivered: 4 });
  });

  it('are as many as fill a request; the first may have more', async () => {
    const world = batchOf(3);
    expect(await run(world, messages([a], [b], [c, d], [e]))).toHaveLength(2);
    expect(await run(world, messages([a, b, c, d], [e]))).toHaveLength(1);
    expect(world.sent).toEqual([['a', 'b'], ['a', 'b', 'c'], ['d']]);
  });

  it('are no more than one message could have, in bytes', async () => {
    const large = event('large', { text: 'x'.repeat(MAX_MESSAGE_BYTES / 2) });
    expect(await run(batchOf(5), messages([large], [a], [large]))).toHaveLength(2);
  });

  it('are of one source, and all through the transform or none; what cannot be read is alone', async () => {
    const of = async (...all: IncomingMessage[]) => (await run(batchOf(5), all)).length;
    expect(await of(...messages([a], [[b], { sourceId: 'app' }]))).toBe(1);
    expect(await of(...messages([a], [[b], { transformed: true }]))).toBe(1);
    expect(await of(...messages([a], [[b], { masked: true }]))).toBe(1);
    const [first, second] = messages([a], [b]);
    if (first === undefined || second === undefined) throw new Error('two');
    expect(await of(first, { ...second, body: 'nonsense' })).toBe(1);
    expect(await of({ ...first, body: 'nonsense' }, second)).toBe(1);
  });

  it('are not taken by a destination that gets its events one by one', () => {
    expect(batchOf(1).process.unit).toBeUndefined();
  });

  it('are told where a request failed: the first message that has an event in it keeps its progress', async () => {
    const world = batchOf(3, { transform: splitting, reply: script(200, 503) });
    expect(await run(world, messages([a], [b], [c]))).toEqual([
      done(2),
      {
        kind: 'retry',
        reason: 'answered 503: said',
        progress: at(0, event('b1')),
        shown: { delivered: 1, filtered: 0, rejected: 0 },
      },
    ]);
    expect(world.sent).toEqual([
      ['a1', 'a2', 'b1'],
      ['b2', 'c1', 'c2'],
    ]);
  });

  it('that are refused are sent event by event; a record names its own message', async () => {
    const world = batchOf(3, { reply: script(422, 200, 422, 200) });
    expect(await run(world, messages([a], [b], [c]))).toEqual([
      done(1),
      { kind: 'done', shown: { delivered: 0, filtered: 0, rejected: 1, rejection: 'answered 422: said' } },
      done(1),
    ]);
    expect(world.rejected.map(({ id }) => id.split(':')[0])).toEqual(['m1']);
  });

  it('whose event cannot be recorded as rejected stop there', async () => {
    const world = batchOf(3, { reply: script(422, 200, 422) });
    world.storeFailures = 1;
    expect(await run(world, messages([a], [b], [c]))).toEqual([
      done(1),
      { kind: 'fault', reason: 'PutItem failed', shown: { delivered: 0, filtered: 0, rejected: 0 } },
    ]);
  });

  it('without time for a further request stop at the first message that is not done', async () => {
    const world: World = batchOf(2, {
      transform: splitting,
      reply: (request, n) => ((world.timeLeft = 0), script(200)(request, n)),
    });
    expect(await run(world, messages([a], [b]))).toEqual([
      done(2),
      { kind: 'stopped', shown: { delivered: 0, filtered: 0, rejected: 0 } },
    ]);
  });
});

describe('a transform on several messages', () => {
  it('that filters all of a message finishes it with what is before it', async () => {
    const transform: NonNullable<Setting['transform']> = (input) =>
      input['messageId'] === 'b' ? null : input;
    expect(await run(batchOf(3, { transform }), messages([b], [a], [b]))).toEqual([
      done(0, 1),
      done(1),
      done(0, 1),
    ]);
    const refused = batchOf(3, { transform, reply: script(503) });
    expect(await run(refused, messages([b], [a], [b]))).toMatchObject([done(0, 1), { kind: 'retry' }]);
  });

  it('that fails on a later message leaves it to the next unit, which finds it as its first', async () => {
    const transform: NonNullable<Setting['transform']> = (input) => {
      if (input['messageId'] === 'c') throw new TypeError('no such property');
      return input;
    };
    const world = batchOf(3, { transform });
    expect(await run(world, messages([a], [b], [c]))).toEqual([done(1), done(1)]);
    expect(await run(world, messages([c], [a]))).toMatchObject([{ kind: 'crash' }]);
    expect(world.sent).toEqual([['a', 'b']]);
  });

  it('has half of the time for all of them', async () => {
    const world = batchOf(5, { transform: (input) => input, timing: { takes: 10_000, timeout: 5_000 } });
    expect(await run(world, messages([a], [b], [c], [d], [e]))).toEqual([done(1), done(1), done(1)]);
    expect(world.timeLeft).toBeGreaterThanOrEqual(20_000);
  });

  it('that AWS does not let load throws for the first message, and leaves out a later one', async () => {
    let runs = 0;
    const transforms: Transforms = {
      timeout: 0,
      check: () => Promise.resolve(undefined),
      run: ({ events }) => {
        runs += 1;
        return runs > 1
          ? Promise.reject(new InfraFault('no secret'))
          : Promise.resolve({ made: events.map((one) => [one]) });
      },
    };
    const world = batchOf(5, { deps: { transforms } });
    expect(await run(world, messages([a], [b]))).toEqual([done(1)]);
    await expect(run(world, messages([b]))).rejects.toThrow('no secret');
  });
});
