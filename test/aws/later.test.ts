/** An adapter whose code is loaded by its first call. */
import { expect, it } from '@jest/globals';
import { later, once } from '../../lambdas/aws/later.ts';

class Counter {
  #count = 0;
  add(n: number): Promise<number> {
    this.#count += n;
    return Promise.resolve(this.#count);
  }
  fail(): Promise<void> {
    return Promise.reject(new Error(`at ${this.#count}`));
  }
}

it('loads at the first call, once, and is what was loaded', async () => {
  let loads = 0;
  const load = once(async () => {
    loads += 1;
    return Promise.resolve(new Counter());
  });
  const counter = later<Counter>(load);
  expect(loads).toBe(0);
  expect(await Promise.all([counter.add(1), counter.add(2)])).toEqual([1, 3]);
  await expect(counter.fail()).rejects.toThrow('at 3');
  expect(loads).toBe(1);
});

it('a call fails when its code cannot be loaded', async () => {
  const counter = later<Counter>(() => Promise.reject(new Error('no such file')));
  await expect(counter.add(1)).rejects.toThrow('no such file');
});
