import { describe, expect, it } from '@jest/globals';
import { AsyncInvoker } from '../../../local/lambda/async-invoker.ts';
import type { InvokeResult } from '../../../local/lambda/function.ts';
import type { AsyncSpec } from '../../../local/lambda/template.ts';

const done: InvokeResult = { kind: 'payload', payload: null };
const failed: InvokeResult = { kind: 'error', error: { errorType: 'Error', errorMessage: 'no' } };
const throttled: InvokeResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };

/** @param results what the function comes to, one call after another */
const make = (results: readonly (InvokeResult | Error)[], spec: Partial<AsyncSpec> = {}) => {
  let calls = 0;
  const trouble: string[] = [];
  const invoker = new AsyncInvoker({
    invoke: () => {
      const result = results[calls] ?? done;
      calls += 1;
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    },
    settings: () => ({ maxRetries: 0, maxAgeMs: 60_000, ...spec }),
    onTrouble: (name, line) => trouble.push(`${name}: ${line}`),
    retryDelayMs: 1,
  });
  return { invoker, trouble, calls: () => calls };
};

describe('an asynchronous invocation', () => {
  it('of an alias is made through it, at each try, with its settings', async () => {
    const tried: (string | undefined)[] = [];
    const invoker = new AsyncInvoker({
      invoke: (_name, _payload, { qualifier } = {}) => {
        tried.push(qualifier);
        return Promise.resolve(failed);
      },
      settings: (_name, qualifier) => ({ maxRetries: qualifier === 'read' ? 1 : 2, maxAgeMs: 60_000 }),
      onTrouble: () => undefined,
      retryDelayMs: 1,
    });
    await invoker.invoke('control', {}, 'read');
    expect(tried).toEqual(['read', 'read']);
  });

  it('that is throttled waits for its turn', async () => {
    const { invoker, trouble, calls } = make([throttled, throttled, done]);
    await invoker.invoke('drain', {});
    expect([calls(), trouble]).toEqual([3, []]);
  });

  it('that fails is not tried again, when the template says so', async () => {
    const { invoker, trouble, calls } = make([failed]);
    await invoker.invoke('drain', {});
    expect(calls()).toBe(1);
    expect(trouble).toEqual(['drain: an asynchronous invocation was given up: Error: no']);
  });

  it('that fails is tried again as often as the template says', async () => {
    const { invoker, trouble, calls } = make([failed, failed, failed, failed], { maxRetries: 2 });
    await invoker.invoke('drain', {});
    expect([calls(), trouble.length]).toEqual([3, 1]);
  });

  it('is given up when it has waited too long', async () => {
    const { invoker, trouble } = make([throttled, throttled], { maxAgeMs: 50 });
    await invoker.invoke('drain', {});
    expect(trouble).toEqual([
      'drain: an asynchronous invocation was given up: ConcurrentInvocationLimitExceeded',
    ]);
  });

  it('of a function that is gone is reported', async () => {
    const { invoker, trouble } = make([new Error('the template has no function drain')]);
    await invoker.invoke('drain', {});
    expect(trouble).toEqual(['drain: Error: the template has no function drain']);
  });

  it('that waits ends, silently, with the local run', async () => {
    const { invoker, trouble, calls } = make(Array<InvokeResult>(1000).fill(throttled));
    const waiting = invoker.invoke('drain', {});
    invoker.close();
    await waiting;
    await invoker.settled();
    expect(calls()).toBe(1);
    expect(trouble).toEqual([]);
  });
});
