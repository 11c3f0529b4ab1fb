/** A destination's rate, and what it asks for by `Retry-After`: of the whole function, and not of one user. Time is virtual. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outgoing, Sender, Verdict } from '../../../lambdas/deliver/destinations/sender.ts';
import { paced } from '../../../lambdas/deliver/pace.ts';
import { event, message, World } from './world.ts';

const ROOM = 15_000;
const DELIVERED: Verdict = { kind: 'delivered' };
const outgoing = (id: string): Outgoing => ({ sourceId: 'web', key: 'g', place: id, content: event(id) });

/** Timers of a virtual clock. */
class Time {
  now = 1_000_000;
  #timers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((wake) => {
      this.#timers.push({ at: this.now + milliseconds, wake });
    });

  /** Until everything that waits is done. */
  async run(until: Promise<unknown>): Promise<void> {
    const state = { isDone: false };
    const done = until.finally(() => {
      state.isDone = true;
    });
    while (!state.isDone) {
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined) continue;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.now = Math.max(this.now, next.at);
      next.wake();
    }
    await done;
  }
}

const world = (
  perSecond: number | undefined,
  verdict: (n: number) => Verdict = () => DELIVERED,
  takes = 0,
) => {
  const time = new Time();
  const begun: number[] = [];
  const pauses: number[] = [];
  const inner: Sender = {
    batch: 5,
    send: async () => {
      const n = begun.push(time.now);
      if (takes > 0) await time.sleep(takes);
      return { kind: 'whole', verdict: verdict(n) };
    },
  };
  const sender = paced(inner, {
    perSecond,
    room: ROOM,
    maxPause: 300_000,
    clock: () => time.now,
    sleep: time.sleep,
    onPause: (pause) => pauses.push(pause),
  });
  /** @param users each sends its events one after another @returns how many were sent, and when the last of them was over */
  const send = async (users: number, events: number, left: number) => {
    const end = time.now + left;
    let sent = 0;
    const user = async (name: number): Promise<void> => {
      for (let i = 0; i < events; i += 1) {
        if ((await sender.send([outgoing(`${name}-${i}`)], () => end - time.now)) === undefined) return;
        sent += 1;
      }
    };
    await time.run(Promise.all(Array.from({ length: users }, (_, name) => user(name))));
    return sent;
  };
  return { time, begun, pauses, sender, send };
};

describe('a rate', () => {
  it('is kept by one function: a second’s worth after a pause, then evenly', async () => {
    const { begun, send, time } = world(2);
    const start = time.now;
    expect(await send(1, 6, 60_000)).toBe(6);
    expect(begun.map((at) => at - start)).toEqual([0, 0, 500, 1000, 1500, 2000]);
  });

  it('of less than one a second begins with one', async () => {
    const { begun, send, time } = world(0.1);
    const start = time.now;
    expect(await send(1, 4, 60_000)).toBe(4);
    expect(begun.map((at) => at - start)).toEqual([0, 10_000, 20_000, 30_000]);
  });

  it('is shared by users whose events are sent at the same time, and none of them is left behind', async () => {
    const { time, sender } = world(1);
    const end = time.now + 60_000;
    const sent = { a: 0, b: 0, c: 0 };
    const user = async (name: keyof typeof sent): Promise<void> => {
      while ((await sender.send([outgoing(name)], () => end - time.now)) !== undefined) sent[name] += 1;
    };
    await time.run(Promise.all([user('a'), user('b'), user('c')]));
    // 45 seconds: one at the beginning, and one after each.
    expect(sent.a + sent.b + sent.c).toBe(46);
    expect(Math.min(...Object.values(sent))).toBeGreaterThanOrEqual(14);
  });

  it('for which there is no time left holds the function until its time is over, so that nothing is handed out in a loop', async () => {
    const { begun, send, time } = world(0.01);
    const start = time.now;
    expect(await send(3, 2, 60_000)).toBe(1);
    expect(begun).toHaveLength(1);
    expect(time.now - start).toBe(60_000 - ROOM);
  });

  it('is no evidence and no charge: what is left of a message stops as for lack of time, in a trial too', async () => {
    for (const isTrial of [false, true]) {
      const { time, sender } = world(0.01);
      const of = new World({ deps: { sender } });
      of.isTrial = isTrial;
      const end = time.now + 60_000;
      const timeLeft = () => end - time.now;
      const processing = { attempt: undefined, isTrial, inOwnTrouble: false, timeLeft };
      const three = ['a', 'b', 'c'].map((id) => event(id));
      const outcome = of.process(message(Array.from({ length: 4 }, () => three).flat()), processing);
      await time.run(outcome);
      expect(await outcome).toEqual({
        kind: 'stopped',
        progress: { events: 5 },
        shown: { delivered: 5, filtered: 0, rejected: 0 },
      });
    }
  });

  it('goes back without a wait when there is no time for a request anyway', async () => {
    const { begun, send, time } = world(1);
    const start = time.now;
    expect(await send(1, 1, ROOM - 1)).toBe(0);
    expect([begun, time.now - start]).toEqual([[], 0]);
  });

  it('is never exceeded, whatever is sent when', async () => {
    const visits = fc.array(
      fc.record({
        users: fc.integer({ min: 1, max: 5 }),
        events: fc.integer({ min: 1, max: 8 }),
        idle: fc.nat(5_000),
      }),
      { maxLength: 6 },
    );
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 40 }), visits, async (tenths, list) => {
      const { begun, send, time } = world(tenths / 10, undefined, 30);
      for (const { users, events, idle } of list) {
        await send(users, events, 60_000);
        time.now += idle;
      }
      const burst = Math.max(1, tenths / 10);
      for (const [i, from] of begun.entries())
        for (const [n, until] of begun.slice(i).entries())
          expect(n + 1).toBeLessThanOrEqual(burst + ((until - from) / 1000) * (tenths / 10) + 1e-3);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('that is none costs nothing', async () => {
    const { begun, send, time } = world(undefined);
    const start = time.now;
    expect(await send(2, 50, 60_000)).toBe(100);
    expect(new Set(begun)).toEqual(new Set([start]));
  });
});

describe('a destination that asks for a pause', () => {
  const throttles =
    (pause: number) =>
    (n: number): Verdict =>
      n === 1 ? { kind: 'retry', reason: 'answered 429', retryAfter: pause, pause } : DELIVERED;

  it('gets nothing of any user before it ends', async () => {
    const { begun, pauses, send, time } = world(undefined, throttles(7_000));
    const start = time.now;
    await send(1, 1, 60_000);
    expect(await send(3, 2, 60_000)).toBe(6);
    expect(begun.slice(1).every((at) => at >= start + 7_000)).toBe(true);
    expect([time.now - start, pauses]).toEqual([7_000, [7_000]]);
  });

  it('gets nothing of those who waited for its rate either', async () => {
    const { begun, send, time } = world(0.5, throttles(20_000));
    const start = time.now;
    await send(2, 2, 60_000);
    expect(begun.map((at) => at - start)).toEqual([0, 20_000, 22_000, 24_000]);
  });

  it('for longer than the function has: its events go back when the time is over', async () => {
    const { begun, send, time } = world(undefined, throttles(100_000));
    const start = time.now;
    await send(1, 1, 60_000);
    expect(await send(2, 1, 60_000)).toBe(0);
    expect([begun.length, time.now - start]).toEqual([1, 45_000]);
    // The next invocations of the same function wait too.
    expect(await send(2, 1, 60_000)).toBe(0);
    expect(await send(2, 1, 60_000)).toBe(2);
    expect(begun.slice(1)).toEqual([start + 100_000, start + 100_000]);
  });

  it('for longer than the longest backoff is tried then', async () => {
    const { pauses, send, time, begun } = world(undefined, throttles(86_400_000));
    const start = time.now;
    await send(1, 1, 60_000);
    expect(await send(1, 1, 400_000)).toBe(1);
    expect([begun.at(-1), pauses]).toEqual([start + 300_000, [300_000]]);
  });

  it('for a while, and then for a shorter one: the longer holds', async () => {
    const said = [9_000, 2_000];
    const { begun, sender, time } = world(undefined, (n) => {
      const pause = said[n - 1];
      return pause === undefined ? DELIVERED : { kind: 'retry', reason: '', pause };
    });
    const start = time.now;
    const both = Promise.all([
      sender.send([outgoing('a')], () => 60_000),
      sender.send([outgoing('b')], () => 60_000),
    ]);
    await time.run(both.then(() => sender.send([outgoing('c')], () => 60_000)));
    expect(begun.map((at) => at - start)).toEqual([0, 0, 9_000]);
  });
});
