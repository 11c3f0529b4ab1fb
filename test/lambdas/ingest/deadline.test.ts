import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { ended, withDeadline, type Deadline } from '../../../lambdas/ingest/deadline.ts';

describe('withDeadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('aborts at the limit, and half a second later for what has not ended', async () => {
    let given: Deadline | undefined;
    let finish: (value: string) => void = () => undefined;
    const work = withDeadline(100, (deadline) => {
      given = deadline;
      return new Promise<string>((resolve) => (finish = resolve));
    });
    const aborted = (after: number) => {
      jest.advanceTimersByTime(after);
      return [given?.signal.aborted, given?.end.aborted];
    };
    expect(aborted(99)).toEqual([false, false]);
    expect(aborted(1)).toEqual([true, false]);
    expect(aborted(499)).toEqual([true, false]);
    expect(aborted(1)).toEqual([true, true]);
    finish('done');
    expect(await work).toBe('done');
  });

  test('leaves no timer, whether the work succeeds or fails', async () => {
    await withDeadline(100, () => Promise.resolve());
    await expect(withDeadline(100, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('ended', () => {
  const never = new Promise<never>(() => undefined);

  test('is what the call gives or throws', async () => {
    const { signal: end } = new AbortController();
    expect(await ended(Promise.resolve(1), { end })).toBe(1);
    await expect(ended(Promise.reject(new TypeError('a bug')), { end })).rejects.toThrow(TypeError);
  });

  test('gives up a call at the end, and one that begins after it', async () => {
    const controller = new AbortController();
    const call = ended(never, { end: controller.signal });
    controller.abort();
    await expect(call).rejects.toThrow(InfraFault);
    await expect(ended(never, { end: controller.signal })).rejects.toThrow(InfraFault);
  });

  test('drops what a call that was given up throws later', async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_, reject) => (fail = reject));
    await expect(ended(late, { end: AbortSignal.abort() })).rejects.toThrow(InfraFault);
    fail(new Error('late'));
    await new Promise(setImmediate);
  });
});
