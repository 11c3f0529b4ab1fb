/** Requests with events of several users: order, limits, and that nobody answers for another's event. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Outgoing, Sender, Verdict } from '../../../lambdas/deliver/destinations/sender.ts';
import { shared } from '../../../lambdas/deliver/sharing.ts';
import { event, message, script, World } from './world.ts';

const outgoing = (key: string, id: string, sourceId = 'web'): Outgoing => ({
  sourceId,
  key,
  place: id,
  content: event(id, { userId: key }),
});
const DELIVERED: Verdict = { kind: 'delivered' };
const LEFT = () => 60_000;

const world = (
  batch: number,
  judge: (events: readonly Outgoing[]) => Verdict | undefined = () => DELIVERED,
) => {
  const calls: (readonly Outgoing[])[] = [];
  const inner: Sender = {
    batch,
    send: async (events) => {
      calls.push(events);
      await Promise.resolve();
      const verdict = judge(events);
      return verdict && { kind: 'whole', verdict };
    },
  };
  const ids = () => calls.map((call) => call.map(({ place }) => place).join(' '));
  return { sender: shared(inner), inner, calls, ids };
};

describe('users whose events are sent at the same time', () => {
  it('share a request, up to as many events as a batch has', async () => {
    const { sender, ids } = world(3);
    const one = (key: string, ...names: string[]) =>
      sender.send(
        names.map((name) => outgoing(key, name)),
        LEFT,
      );
    const said = await Promise.all([
      one('a', 'a1', 'a2'),
      one('b', 'b1'),
      one('c', 'c1', 'c2'),
      one('d', 'd1', 'd2', 'd3'),
    ]);
    expect(ids()).toEqual(['a1 a2 b1', 'c1 c2', 'd1 d2 d3']);
    expect(said).toEqual(Array(4).fill({ kind: 'whole', verdict: DELIVERED }));
  });

  it('of two sources, or with two URLs, do not', async () => {
    const { inner, calls } = world(10);
    const sender = shared({ ...inner, togetherBy: ({ key }) => key.slice(0, 1) });
    const all = [outgoing('a1', '1'), outgoing('a2', '2'), outgoing('b1', '3'), outgoing('a3', '4', 'app')];
    await Promise.all(all.map((one) => sender.send([one], LEFT)));
    expect(calls.map((call) => call.map(({ key }) => key))).toEqual([['a1', 'a2'], ['b1'], ['a3']]);
  });

  it('all wait when the request fails, for the same reason', async () => {
    const failure: Verdict = { kind: 'retry', reason: 'answered 503' };
    const { sender, calls } = world(10, () => failure);
    const said = await Promise.all(['a', 'b'].map((key) => sender.send([outgoing(key, key)], LEFT)));
    expect(said).toEqual([
      { kind: 'whole', verdict: failure },
      { kind: 'whole', verdict: failure },
    ]);
    expect(calls).toHaveLength(1);
  });

  it('are sent apart when the request is refused, and each is judged for itself', async () => {
    const judge = (events: readonly Outgoing[]): Verdict =>
      events.some(({ key }) => key === 'b') ? { kind: 'rejected', reason: 'answered 422' } : DELIVERED;
    const { sender, ids } = world(10, judge);
    const said = await Promise.all(['a', 'b', 'c'].map((key) => sender.send([outgoing(key, key)], LEFT)));
    expect(said.map((one) => (one?.kind === 'whole' ? one.verdict.kind : one))).toEqual([
      'delivered',
      'rejected',
      'delivered',
    ]);
    expect(ids()).toEqual(['a b c', 'a', 'b', 'c']);
  });

  it('have no time together, and a fault of AWS together', async () => {
    const none = world(10, () => undefined);
    expect(await Promise.all(['a', 'b'].map((key) => none.sender.send([outgoing(key, key)], LEFT)))).toEqual([
      undefined,
      undefined,
    ]);
    const fault = world(1, ([one]) => {
      if (one?.key === 'a') throw new InfraFault('no secret');
      return DELIVERED;
    });
    const [a, b] = await Promise.allSettled(
      ['a', 'b'].map((key) => fault.sender.send([outgoing(key, key)], LEFT)),
    );
    expect(a).toMatchObject({ status: 'rejected', reason: expect.any(InfraFault) as unknown });
    expect(b).toMatchObject({ status: 'fulfilled' });
  });

  it('the least time that any of them has counts', async () => {
    const left: number[] = [];
    const sender = shared({
      batch: 10,
      send: (_, timeLeft) => {
        left.push(timeLeft());
        return Promise.resolve({ kind: 'whole', verdict: DELIVERED });
      },
    });
    await Promise.all([
      sender.send([outgoing('a', '1')], () => 5),
      sender.send([outgoing('b', '2')], () => 7),
    ]);
    expect(left).toEqual([5]);
  });
});

it('keeps each user’s order, and loses nothing, whatever is refused', async () => {
  const users = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 6,
  });
  const property = fc.asyncProperty(users, fc.integer({ min: 1, max: 5 }), async (given, batch) => {
    const refused = new Set(
      given.flatMap((events, u) => events.flatMap((bad, i) => (bad ? [`${u}-${i}`] : []))),
    );
    const taken: string[] = [];
    const { inner } = world(batch, (events) => {
      expect(events.length).toBeLessThanOrEqual(batch);
      if (events.some(({ content }) => refused.has(content.messageId)))
        return { kind: 'rejected', reason: 'no' };
      taken.push(...events.map(({ content }) => content.messageId));
      return DELIVERED;
    });
    const sender = shared(inner);
    const of = new World({ deps: { sender } });
    const outcomes = await Promise.all(
      given.map((events, u) =>
        of.run({ ...message(events.map((_, i) => event(`${u}-${i}`))), id: `m${u}`, groupId: `g${u}` }),
      ),
    );
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    for (const [u, events] of given.entries()) {
      const good = events.flatMap((bad, i) => (bad ? [] : [`${u}-${i}`]));
      expect(taken.filter((id) => id.startsWith(`${u}-`))).toEqual(good);
      expect(of.rejected.filter(({ key }) => key === `g${u}`)).toHaveLength(events.length - good.length);
    }
  });
  await fc.assert(property, { numRuns: 50 });
});

it('is an array for the receiver, and its users’ progress is their own', async () => {
  const plain = new World({ destination: { batch: 4 }, reply: script(200, 500) });
  const of = new World({ deps: { sender: shared(plain.sender) } });
  const run = (user: string, count: number) =>
    of.run({ ...message(Array.from({ length: count }, (_, i) => event(`${user}${i}`))), groupId: user });
  const outcomes = await Promise.all([run('a', 1), run('b', 3)]);
  expect(plain.sent).toEqual([['a0', 'b0', 'b1', 'b2']]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done']);
  expect(await run('c', 6)).toMatchObject({ kind: 'retry' });
});
