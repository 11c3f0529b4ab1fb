import { describe, expect, it } from '@jest/globals';
import pLimit from 'p-limit';
import { setTimeout } from 'node:timers/promises';
import { both, few } from '../../../lambdas/control/fan-out.ts';

describe('both', () => {
  it('gives both results', async () => {
    expect(await both(setTimeout(2, 'a'), Promise.resolve(1))).toEqual(['a', 1]);
  });

  it.each([
    ['the first', 0, 2],
    ['the second', 2, 0],
  ])('ends when both have ended, although %s failed before', async (_, one, other) => {
    const ended: string[] = [];
    const failing = async (name: string, time: number): Promise<never> => {
      await setTimeout(time);
      ended.push(name);
      throw new Error(name);
    };
    await expect(both(failing('a', one), failing('b', other))).rejects.toThrow('a');
    expect(ended.sort()).toEqual(['a', 'b']);
  });
});

describe('few', () => {
  it('gives the results in the order of the items, with no more work at the same time than allowed', async () => {
    let [running, most] = [0, 0];
    const results = await few(pLimit(2), [5, 1, 3], async (time) => {
      most = Math.max(most, ++running);
      await setTimeout(time);
      running -= 1;
      return time * 2;
    });
    expect(results).toEqual([10, 2, 6]);
    expect(most).toBe(2);
    expect(await few(pLimit(2), [], () => Promise.resolve(1))).toEqual([]);
  });

  it('begins nothing after a failure, waits for pending work, and throws the failure', async () => {
    const [begun, ended]: [number[], number[]] = [[], []];
    const work = few(pLimit(3), [0, 1, 2, 3, 4, 5], async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('down');
      await setTimeout(5);
      ended.push(item);
    });
    await expect(work).rejects.toThrow('down');
    expect(begun).toEqual([0, 1, 2]);
    expect(ended).toEqual([0, 2]);
  });

  it('throws the error of the first of several that failed', async () => {
    const work = few(pLimit(2), [4, 1], async (time) => {
      await setTimeout(time);
      throw new Error(`after ${time}`);
    });
    await expect(work).rejects.toThrow('after 4');
  });

  it('treats a synchronous throw as a failure', async () => {
    const work = few(pLimit(1), [1, 2], () => {
      throw new TypeError('a bug');
    });
    await expect(work).rejects.toThrow(new TypeError('a bug'));
  });
});
