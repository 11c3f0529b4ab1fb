import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verdictOn, type Scene } from '../../lambdas/sandbox/verdict.ts';

const scene: Scene = {
  cause: 'exit',
  inHand: [1, 2, 3],
  running: undefined,
  exitedBy: undefined,
  isTrial: false,
  isLast: false,
};
const convicted = (guilty: number) => ({ guilty, suspects: [] });

describe('when a thread ends', () => {
  it.each<[string, Partial<Scene>, ReturnType<typeof verdictOn>]>([
    ['with nothing in hand, no event is guilty', { inHand: [] }, { guilty: undefined, suspects: [] }],
    ['by an exit whose event is known', { exitedBy: 2 }, convicted(2)],
    ['by an exit of an answered event', { exitedBy: 'none' }, { guilty: undefined, suspects: [] }],
    [
      'by an exit of a job that no longer has anything in hand',
      { exitedBy: 9 },
      { guilty: undefined, suspects: [1, 2, 3] },
    ],
    ['by an exit whose event is unknown', {}, { guilty: undefined, suspects: [1, 2, 3] }],
    ['blocked by synchronous code of a known event', { cause: 'blocked', running: 3 }, convicted(3)],
    ['blocked by an unknown event', { cause: 'blocked' }, { guilty: undefined, suspects: [1, 2, 3] }],
    [
      'out of memory while one runs',
      { cause: 'memory', running: 3 },
      { guilty: undefined, suspects: [1, 2, 3] },
    ],
    [
      'with a single one in hand, after others',
      { cause: 'memory', inHand: [1], running: 1 },
      { guilty: undefined, suspects: [1] },
    ],
    [
      'out of memory, and it runs on: whose code that is',
      { cause: 'memory', running: 3, isLast: true },
      convicted(3),
    ],
    [
      'out of memory, and it runs on, unknown whose code',
      { cause: 'memory', isLast: true },
      { guilty: undefined, suspects: [1, 2, 3] },
    ],
    [
      'out of memory, and it runs on, with one in hand',
      { cause: 'memory', inHand: [1], isLast: true },
      convicted(1),
    ],
    ['in a trial', { inHand: [2], isTrial: true }, convicted(2)],
    [
      'in a trial, by a timer of the module',
      { inHand: [2], isTrial: true, exitedBy: 'none' },
      { guilty: undefined, suspects: [] },
    ],
  ])('%s', (_, change, verdict) => {
    expect(verdictOn({ ...scene, ...change })).toEqual(verdict);
  });

  it('no job without an event in hand is convicted or suspected', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 5 }));
    const scenes = ids.chain((inHand) =>
      fc.record({
        cause: fc.constantFrom('exit', 'memory', 'blocked', 'uncaught'),
        inHand: fc.constant(inHand),
        running: fc.constantFrom(undefined, ...inHand),
        exitedBy: fc.option(fc.oneof(fc.constant('none' as const), fc.integer({ min: 1, max: 5 })), {
          nil: undefined,
        }),
        isTrial: fc.boolean(),
        isLast: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(scenes, (one) => {
        const { guilty, suspects } = verdictOn(one);
        for (const id of [...suspects, ...(guilty === undefined ? [] : [guilty])])
          expect(one.inHand).toContain(id);
      }),
    );
  });
});
