/** The outputs left to send of a message in which an event is half finished. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { isFurther } from '../../../lambdas/core/stage/attempt-ledger.ts';
import { NAME_LENGTH } from '../../../lambdas/core/event/outputs.ts';
import type { Progress } from '../../../lambdas/core/stage/ports.ts';
import { planDelivery } from '../../../lambdas/deliver/plan.ts';
import { at, event } from './world.ts';

const [w, x, y, z] = ['w', 'x', 'y', 'z'].map((messageId) => event(messageId)) as [
  SluiceEvent,
  SluiceEvent,
  SluiceEvent,
  SluiceEvent,
];
const left = (made: readonly (readonly SluiceEvent[])[], saved?: Progress) =>
  planDelivery(made, saved).outputs.map(({ content, event: of, index }) => [content.messageId, of, index]);

describe('of the event in which the last attempt stopped', () => {
  it('the outputs that are not finished are left, each at its own place', () => {
    expect(left([[x, y, z], [w]], at(4, x))).toEqual([
      ['y', 4, 1],
      ['z', 4, 2],
      ['w', 5, 0],
    ]);
  });

  it('the finished ones are recognized at any new place', () => {
    expect(left([[z, y, x]], at(0, x))).toEqual([
      ['z', 0, 0],
      ['y', 0, 1],
    ]);
    expect(left([[x, w, y]], at(0, y, x))).toEqual([['w', 0, 1]]);
  });

  it('new outputs are delivered, in their order', () => {
    expect(left([[z, w]], at(0, x, y))).toEqual([
      ['z', 0, 0],
      ['w', 0, 1],
    ]);
  });

  it('other content under the same id is another output', () => {
    const [before, now] = [event('x', { n: 1 }), event('x', { n: 2 })];
    expect(left([[now]], at(0, before))).toEqual([['x', 0, 0]]);
  });

  it('two identical ones count as two', () => {
    expect(left([[x, x, x]], at(0, x))).toEqual([
      ['x', 0, 1],
      ['x', 0, 2],
    ]);
    expect(left([[x, x]], at(0, x, x))).toEqual([]);
    expect(left([[x]], at(0, x, x))).toEqual([]);
  });

  it('fewer are left when it returns fewer, and no output when it now filters the event out', () => {
    expect(left([[z]], at(0, x, y))).toEqual([['z', 0, 0]]);
    expect(left([[], [w]], at(0, x, y))).toEqual([['w', 1, 0]]);
    expect(planDelivery([[], [w]], at(0, x)).progressAt(0)).toEqual(at(1));
  });

  it('nothing is known of the events behind it, although they make the same', () => {
    expect(left([[x], [x]], at(0, x))).toEqual([['x', 1, 0]]);
  });
});

describe('a transform that makes other outputs each time', () => {
  it('does not make progress by delivering the first of them repeatedly', () => {
    let progress: Progress | undefined;
    for (let n = 0; n < 5; n += 1) {
      const next = planDelivery([[event('x', { n }), y]], progress).progressAt(1);
      expect(isFurther(next, progress)).toBe(n === 0);
      expect(next).toStrictEqual(at(0, event('x', { n })));
      progress = next;
    }
  });
});

describe('a record of an earlier version', () => {
  it('only counts outputs, which does not identify them: the half-finished event is delivered from its first output', () => {
    const old = { events: 2, outputs: 2, codeVersion: 'v1' };
    expect(left([[x, y, z]], old)).toEqual([
      ['x', 2, 0],
      ['y', 2, 1],
      ['z', 2, 2],
    ]);
  });

  it('is replaced by one that names them', () => {
    const old = { events: 2, outputs: 2, codeVersion: 'v1' };
    const plan = planDelivery([[x, y, z]], old);
    expect(plan.progressAt(0)).toStrictEqual({ events: 2 });
    expect(plan.progressAt(1)).toStrictEqual(at(2, x));
  });
});

describe('the progress', () => {
  it('names the finished outputs of the event in which it stops, from this attempt and earlier ones', () => {
    const plan = planDelivery([[x, y, z], [], [w]], at(3, x));
    expect([0, 1, 2, 3].map(plan.progressAt)).toStrictEqual([at(3, x), at(3, x, y), at(5), at(6)]);
  });

  it('is absent at the very beginning, and also when nothing could be transformed', () => {
    expect(planDelivery([[x]], undefined).progressAt(0)).toBeUndefined();
    expect(planDelivery([], undefined).progressAt(0)).toBeUndefined();
  });

  it('stays as it was saved when nothing could be transformed this time', () => {
    for (const saved of [at(0, x), at(3), at(3, x, y)])
      expect(planDelivery([], saved).progressAt(0)).toStrictEqual(saved);
  });

  it('counts events that are filtered out once all before them are finished', () => {
    const plan = planDelivery([[], [x, y], [], []], at(7));
    expect([0, 1, 2].map(plan.filteredAt)).toEqual([1, 1, 3]);
    expect([0, 1, 2].map(plan.progressAt)).toStrictEqual([at(8), at(8, x), at(11)]);
  });
});

describe('with any outputs of a transform at each attempt', () => {
  const output = fc.constantFrom(w, x, y, event('x', { n: 1 }));
  const anyAttempt = fc.record({
    /** Its outputs for each event, by the event's place. */
    made: fc.array(fc.array(output, { maxLength: 4 }), { minLength: 3, maxLength: 3 }),
    /** Number of events that there is time to transform. */
    transformed: fc.nat(3),
    /** Number of outputs that are sent before it stops; modulo. */
    sent: fc.nat(12),
  });
  const json = (one: SluiceEvent): string => JSON.stringify(one);
  const times = (list: readonly string[], one: string): number =>
    list.filter((other) => other === one).length;

  test('each output of the attempt that finished its event was delivered; order is kept in each attempt', () => {
    fc.assert(
      fc.property(fc.array(anyAttempt, { minLength: 1, maxLength: 6 }), (attempts) => {
        const delivered: string[][] = [[], [], []];
        let progress: Progress | undefined;
        for (const [i, { made, transformed, sent }] of attempts.entries()) {
          const isLast = i === attempts.length - 1;
          const start = progress?.events ?? 0;
          const now = made.slice(start, isLast ? 3 : Math.max(start, transformed));
          const plan = planDelivery(now, progress);
          const finished = isLast ? plan.outputs.length : sent % (plan.outputs.length + 1);
          const places = plan.outputs.map(({ event: of, index }) => of * 10 + index);
          expect(places).toEqual([...places].sort((one, other) => one - other));
          for (const { event: of, content } of plan.outputs.slice(0, finished))
            delivered[of]?.push(json(content));
          const next = plan.progressAt(finished);
          expect(next?.events ?? 0).toBeGreaterThanOrEqual(start);
          // Names of outputs that it no longer returns are dropped.
          const most = now[0]?.length ?? 4;
          if (next?.events === start)
            expect((next.done ?? '').length).toBeLessThanOrEqual(most * NAME_LENGTH);
          for (let of = start; of < (next?.events ?? 0); of += 1)
            for (const one of (now[of - start] ?? []).map(json))
              expect(times(delivered[of] ?? [], one)).toBeGreaterThanOrEqual(
                times((now[of - start] ?? []).map(json), one),
              );
          progress = next;
        }
        expect(progress?.events).toBe(3);
      }),
      { numRuns: 500 },
    );
  });

  test('with the same outputs each time, every output is delivered once', () => {
    fc.assert(
      fc.property(fc.array(anyAttempt, { minLength: 1, maxLength: 6 }), (attempts) => {
        const delivered: string[][] = [[], [], []];
        const [{ made } = { made: [] }] = attempts;
        let progress: Progress | undefined;
        for (const [i, { transformed, sent }] of attempts.entries()) {
          const isLast = i === attempts.length - 1;
          const start = progress?.events ?? 0;
          const plan = planDelivery(made.slice(start, isLast ? 3 : Math.max(start, transformed)), progress);
          const finished = isLast ? plan.outputs.length : sent % (plan.outputs.length + 1);
          for (const { event: of, content } of plan.outputs.slice(0, finished))
            delivered[of]?.push(json(content));
          progress = plan.progressAt(finished);
        }
        expect(delivered).toEqual(made.map((outputs) => outputs.map(json)));
      }),
      { numRuns: 1_000 },
    );
  });
});
