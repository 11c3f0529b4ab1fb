/** The evidence of an attempt at a destination, and the steps that a trial omits. */
import { describe, expect, it } from '@jest/globals';
import { InfraFault, MessageRefused } from '../../../lambdas/core/base/faults.ts';
import { a, answer, at, attempt, b, c, d, event, message, script, World, type Setting } from './world.ts';

describe('what an attempt shows', () => {
  const transform: NonNullable<Setting['transform']> = (input) => (input['messageId'] === 'b' ? null : input);

  it('is how many events were delivered, filtered out and rejected, and why the last was', async () => {
    const world = new World({ transform, reply: script(200, 422, 200) });
    expect(await world.run([a, b, c, d])).toEqual({
      kind: 'done',
      shown: { delivered: 2, filtered: 1, rejected: 1, rejection: 'answered 422: said' },
    });
  });

  it('is what came before a failure too: of 1,000 events 559 are delivered, and then it is 503', async () => {
    const events = Array.from({ length: 1_000 }, (_, i) => event(`e${i}`));
    const world = new World({ reply: (_, n) => answer(n <= 559 ? 200 : 503) });
    expect(await world.run(events)).toEqual({
      kind: 'retry',
      reason: 'answered 503',
      progress: at(559),
      shown: { delivered: 559, filtered: 0, rejected: 0 },
    });
  });

  it('counts this attempt only, not what was finished before it', async () => {
    const world = new World({ transform, reply: script(200, 500) });
    const shown = { delivered: 1, filtered: 0, rejected: 0 };
    expect(await world.run([a, b, c, d], attempt(at(2)))).toMatchObject({ kind: 'retry', shown });
  });

  it('is what was delivered before there was no time left', async () => {
    const world: World = new World({
      transform,
      reply: () => {
        world.timeLeft = 0;
        return answer(200);
      },
    });
    const shown = { delivered: 1, filtered: 1, rejected: 0 };
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'stopped', shown });
  });

  it('is what was delivered before the transform ran out of time', async () => {
    const world = new World({ transform, timing: { limit: () => 2 } });
    const shown = { delivered: 1, filtered: 1, rejected: 0 };
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'stopped', progress: at(2), shown });
  });

  it.each([
    ['fault', new InfraFault('down')],
    ['refused', new MessageRefused('too large')],
    ['crash', new TypeError('bug')],
  ] as const)('is what was delivered before a %s', async (kind, error) => {
    const world = new World({
      reply: script(200, 400),
      deps: { rejections: { save: () => Promise.reject(error) } },
    });
    const shown = { delivered: 1, filtered: 0, rejected: 0 };
    expect(await world.run([a, b])).toMatchObject({ kind, shown });
  });

  it('is nothing of a message whose transform crashes', async () => {
    const world = new World({
      transform: () => {
        throw new Error('no');
      },
    });
    const shown = { delivered: 0, filtered: 0, rejected: 0 };
    expect(await world.run([a])).toMatchObject({ kind: 'crash', shown });
  });
});

describe('a trial', () => {
  const trial = (setting: Setting): World => Object.assign(new World(setting), { isTrial: true });

  it('rejects nothing: the event stays, and what was delivered before it counts', async () => {
    const world = trial({ reply: script(200, 422) });
    expect(await world.run([a, b, c])).toEqual({
      kind: 'retry',
      reason: 'rejected: answered 422: said',
      progress: at(1),
      shown: { delivered: 1, filtered: 0, rejected: 0 },
    });
    expect([world.rejected, world.counted]).toEqual([[], { EventsDelivered: 1 }]);
  });

  it('finds the event of a batch that is refused, and delivers those before it', async () => {
    const world = trial({ destination: { batch: 3 }, reply: script(400, 200, 400) });
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'retry', progress: at(1) });
    expect(world.sent).toEqual([['a', 'b', 'c'], ['a'], ['b']]);
  });

  it('rejects nothing at a closed door, not even for a key in own trouble', async () => {
    const world = trial({ reply: script(404) });
    world.inOwnTrouble = true;
    expect(await world.run([a], attempt())).toMatchObject({ kind: 'retry', reason: 'answered 404: said' });
    expect(world.rejected).toEqual([]);
  });

  it('leaves an unreadable message in the queue', async () => {
    const world = trial({});
    expect(await world.run({ ...message([]), body: '?' })).toEqual({
      kind: 'retry',
      reason: 'rejected: the message is not an envelope of events that this version can read',
      shown: { delivered: 0, filtered: 0, rejected: 0 },
    });
    expect([world.rejected, world.counted]).toEqual([[], {}]);
  });
});
