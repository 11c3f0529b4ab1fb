/** Waiting for all, also when one fails: nothing may be under way once a function has answered. */
import { expect, it } from '@jest/globals';
import { allDone } from '../../../lambdas/core/base/all-done.ts';

const later = async (turns: number): Promise<void> => {
  for (let i = 0; i < turns; i += 1) await Promise.resolve();
};

it('gives the results in the order of the promises, whichever ends first', async () => {
  const slow = later(20).then(() => 'slow');
  expect(await allDone([slow, Promise.resolve('fast'), 'no promise'])).toEqual([
    'slow',
    'fast',
    'no promise',
  ]);
  expect(await allDone([])).toEqual([]);
});

it('throws only when the last of them has ended', async () => {
  const ended: string[] = [];
  const one = async (name: string, turns: number, error?: Error): Promise<void> => {
    await later(turns);
    ended.push(name);
    if (error !== undefined) throw error;
  };
  const all = allDone([one('a', 1, new Error('a failed')), one('b', 30), one('c', 10)]);
  await expect(all).rejects.toThrow('a failed');
  expect(ended).toEqual(['a', 'c', 'b']);
});

it('throws the first of several errors by their order, as it was thrown', async () => {
  const [first, second] = [new Error('first'), new TypeError('second')];
  const slow = later(20).then(() => Promise.reject(first));
  await expect(allDone([slow, Promise.reject(second)])).rejects.toBe(first);
});

it('takes any iterable', async () => {
  expect(await allDone(new Set([Promise.resolve(1), Promise.resolve(2)]))).toEqual([1, 2]);
});
