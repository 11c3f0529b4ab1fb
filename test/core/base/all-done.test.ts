/** Waits for all promises, even when one fails: no call may be under way once a function has answered. */
import { expect, it } from '@jest/globals';
import { allDone } from '../../../lambdas/core/base/all-done.ts';

const later = async (turns: number): Promise<void> => {
  for (let i = 0; i < turns; i += 1) await Promise.resolve();
};

it('returns the results in the order of the promises, whichever settles first', async () => {
  const slow = later(20).then(() => 'slow');
  expect(await allDone([slow, Promise.resolve('fast'), 'no promise'])).toEqual([
    'slow',
    'fast',
    'no promise',
  ]);
  expect(await allDone([])).toEqual([]);
});

it('throws only after the last promise has settled', async () => {
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

it('throws the first error by the order of the promises, unchanged', async () => {
  const [first, second] = [new Error('first'), new TypeError('second')];
  const slow = later(20).then(() => Promise.reject(first));
  await expect(allDone([slow, Promise.reject(second)])).rejects.toBe(first);
});

it('accepts any iterable', async () => {
  expect(await allDone(new Set([Promise.resolve(1), Promise.resolve(2)]))).toEqual([1, 2]);
});
