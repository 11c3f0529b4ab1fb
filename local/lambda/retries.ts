/** How the parts of an event source mapping wait before they try something again. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds: doubles with each failure in a row. */
export const doubling = (first: number, longest: number, failures: number): number =>
  Math.min(longest, first * 2 ** Math.min(failures - 1, 30));

/** Ends early, and without an error, when the signal aborts. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

/** For the log. */
export const textOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : String(error);
