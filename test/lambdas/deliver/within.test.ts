import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { within } from '../../../lambdas/deliver/within.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Work that ends when it is told to, with the reason. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

it('returns what the work made, and leaves no timer behind', async () => {
  let seen: AbortSignal | undefined;
  const made = within(1_000, (signal) => {
    seen = signal;
    return Promise.resolve('made');
  });
  expect(await made).toBe('made');
  expect(jest.getTimerCount()).toBe(0);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(seen?.aborted).toBe(false);
});

it('leaves no timer behind work that failed', async () => {
  await expect(within(1_000, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(jest.getTimerCount()).toBe(0);
});

it('tells the work when its time is over', async () => {
  const ended = within(1_000, endless).catch(String);
  await jest.advanceTimersByTimeAsync(999);
  expect(jest.getTimerCount()).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(await ended).toBe('Error: not done within 1000 ms');
});
