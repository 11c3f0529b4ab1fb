/** A destination that judges each event of a call: what becomes of the message. */
import { describe, expect, it } from '@jest/globals';
import type { Outgoing, Sender, Verdict } from '../../../lambdas/deliver/destinations/sender.ts';
import { a, at, b, c, d, World } from './world.ts';

const DELIVERED: Verdict = { kind: 'delivered' };
const RETRY: Verdict = { kind: 'retry', reason: 'throttled', retryAfter: 7 };
const REJECTED: Verdict = { kind: 'rejected', reason: 'too large' };
const CLOSED: Verdict = { kind: 'closed', reason: 'no such stream' };

/** @param answers of its calls in turn, then all is delivered */
const sending = (...answers: readonly (readonly Verdict[])[]) => {
  const calls: (readonly Outgoing[])[] = [];
  const sender: Sender = {
    batch: 3,
    send: (events) => {
      const verdicts = answers[calls.push(events) - 1] ?? events.map(() => DELIVERED);
      return Promise.resolve({ kind: 'each', verdicts });
    },
  };
  const world = new World({ deps: { sender } });
  const ids = () => calls.map((events) => events.map(({ content }) => content.messageId));
  return { world, ids, calls };
};

describe('a verdict for each event', () => {
  it('all are delivered, in calls of as many as the kind takes; each has a place of its own', async () => {
    const { world, ids, calls } = sending();
    expect(await world.run([a, b, c, d])).toMatchObject({
      kind: 'done',
      shown: { delivered: 4, rejected: 0 },
    });
    expect(ids()).toEqual([['a', 'b', 'c'], ['d']]);
    expect(calls.flat().map(({ place, key, sourceId }) => [place, key, sourceId])).toEqual(
      [0, 1, 2, 3].map((i) => [`sqs-1:${i}:0`, 'g', 'web']),
    );
  });

  it('the refused one is rejected, and not sent again; those after it count', async () => {
    const { world, ids } = sending([DELIVERED, REJECTED, DELIVERED]);
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'done', shown: { delivered: 2, rejected: 1 } });
    expect(world.rejected.map(({ reason }) => reason)).toEqual(['too large']);
    expect(ids()).toHaveLength(1);
  });

  it('one that the destination does not take is filtered, and is no delivery', async () => {
    const { world } = sending([{ kind: 'filtered' }, DELIVERED, { kind: 'filtered' }]);
    expect(await world.run([a, b, c])).toMatchObject({
      kind: 'done',
      shown: { delivered: 1, filtered: 2, rejected: 0 },
    });
    expect(world.rejected).toEqual([]);
  });

  it('one that may be taken later stops the message there, whatever became of those behind it', async () => {
    const { world, ids } = sending([DELIVERED, RETRY, DELIVERED]);
    expect(await world.run([a, b, c, d])).toEqual({
      kind: 'retry',
      reason: 'throttled',
      retryAfter: 7,
      progress: at(1),
      shown: { delivered: 1, filtered: 0, rejected: 0 },
    });
    expect(ids()).toHaveLength(1);
  });

  it('those without a verdict had no time: nobody’s fault', async () => {
    const { world } = sending([DELIVERED]);
    expect(await world.run([a, b, c])).toMatchObject({ kind: 'stopped', progress: at(1) });
  });

  it('a closed door is retried, and gives up the event of a key in its own trouble alone', async () => {
    expect(await sending([CLOSED]).world.run([a, b])).toMatchObject({
      kind: 'retry',
      reason: 'no such stream',
    });
    const { world } = sending([CLOSED, DELIVERED]);
    world.inOwnTrouble = true;
    await world.run([a]);
    expect(world.rejected).toHaveLength(1);
  });

  it('in a trial nothing is rejected', async () => {
    const { world } = sending([DELIVERED, REJECTED]);
    world.isTrial = true;
    expect(await world.run([a, b])).toMatchObject({ kind: 'retry', reason: 'rejected: too large' });
    expect(world.rejected).toEqual([]);
  });
});
