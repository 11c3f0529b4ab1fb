/** Several AWS calls at the same time. When one of these functions ends, all of its calls have ended: see `allDone`. */
import type { LimitFunction } from 'p-limit';
import { allDone } from '../core/base/all-done.ts';

/** @throws the error of the first that failed, in this order, when both have ended */
export const both = async <A, B>(a: Promise<A>, b: Promise<B>): Promise<readonly [A, B]> => {
  await allDone<unknown>([a, b]);
  return [await a, await b];
};

/**
 * Does the work for each item, as many at the same time as `limit` allows. After a failure no further work begins: while AWS
 * is down a call takes seconds to fail, and the function has to answer before its own time is over.
 * @returns the results in the order of the items
 * @throws the error of the first item that failed, in their order, when all work has ended
 */
export const few = async <Item, Result>(
  limit: LimitFunction,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Awaited<Result>[]> => {
  let failed = false;
  const attempt = async (item: Item): Promise<Result> => {
    // Work begins in the order of the items, so this is never the first error.
    if (failed) throw new Error('not begun, because other work had failed');
    try {
      return await work(item);
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  return allDone(items.map((item) => limit(attempt, item)));
};
