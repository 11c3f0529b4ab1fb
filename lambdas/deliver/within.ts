/**
 * Gives up what takes too long.
 *
 * `AbortSignal.timeout` would do, but lives on after the work is done: it fires at its time in any case, and makes an error with its stack for
 * nobody. A stage that sends thousands of requests spent 6 % of its time on that.
 * @param limit milliseconds
 * @param work gets the signal that is aborted when they are over
 */
export const within = async <T>(limit: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(new Error(`not done within ${limit} ms`)), limit);
  try {
    return await work(giveUp.signal);
  } finally {
    clearTimeout(timer);
  }
};
