/**
 * Waits for all of them, and only then throws the first error, where `Promise.all` throws while others are still under way. Lambda
 * freezes a function once it has answered: a call that is under way then lands in the middle of a later invocation.
 */
export const allDone = async <T>(promises: Iterable<T | Promise<T>>): Promise<Awaited<T>[]> => {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
};
