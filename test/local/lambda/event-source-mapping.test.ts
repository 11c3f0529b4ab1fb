import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../tools/driver/until.ts';
import { CRASH, DONE, failing, gate, many, setUp, THROTTLED } from './mapping-bench.ts';

describe('a batch', () => {
  test('that succeeds is deleted; it holds at most ten', async () => {
    const { queue, seen } = setUp(() => DONE);
    queue.add(...many(25));
    await until('all to be deleted', () => queue.left === 0);
    expect(seen.batches.flat().sort()).toEqual(many(25).sort());
    expect(seen.batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
  });

  test('that fails in part keeps what failed, for the visibility timeout', async () => {
    let first = true;
    const { queue, seen } = setUp(
      () => {
        const result = first ? failing('m1') : DONE;
        first = false;
        return result;
      },
      { visibilityMs: 200 },
    );
    const began = Date.now();
    queue.add(...many(3));
    await until('the failed one to be redelivered', () => queue.left === 0);
    expect(Date.now() - began).toBeGreaterThanOrEqual(200);
    expect(seen.batches).toEqual([many(3), ['m1']]);
    expect(queue.deleted).toEqual(['m0', 'm2', 'm1']);
  });

  test('is deleted whatever the answer is, where failures are not reported', async () => {
    const { queue } = setUp(() => failing('m0'), { reportBatchItemFailures: false });
    queue.add('m0');
    await until('it to be deleted', () => queue.left === 0);
  });

  test.each([
    ['an error', CRASH, /a batch of 2 failed: Crash: bang/],
    ['an unknown identifier', failing('other'), /malformed: .* names no message of the batch: other/],
    ['an empty identifier', failing(''), /malformed: .* missing or empty/],
    [
      'an answer that is no object',
      { kind: 'payload', payload: 'fine' } as const,
      /malformed: .* not an object/,
    ],
  ])('fails as a whole by %s: nothing is deleted, all of it is redelivered', async (_, result, log) => {
    let first = true;
    const { queue, seen } = setUp(
      () => {
        const answer = first ? result : DONE;
        first = false;
        return answer;
      },
      { visibilityMs: 200 },
    );
    queue.add('m0', 'm1');
    await until('the failure to be logged', () => seen.lines.length === 1);
    expect(seen.lines[0]).toMatch(log);
    expect(queue.deleted).toEqual([]);
    await until('the batch to be redelivered', () => queue.left === 0);
    expect(seen.batches).toEqual([
      ['m0', 'm1'],
      ['m0', 'm1'],
    ]);
  });

  test('whose deletion fails is deleted in another try, and logged when none helps', async () => {
    const { queue, seen } = setUp(() => DONE);
    queue.brokenDeletes = 3;
    queue.add('m0');
    await until('it to be deleted', () => queue.left === 0);
    expect(seen.lines).toEqual([]);
    queue.brokenDeletes = 4;
    queue.add('m1');
    await until('the failure to be logged', () => seen.lines.length === 1);
    expect(seen.lines[0]).toMatch(
      /cannot delete 1 processed messages; they will be received again: Error: cannot delete/,
    );
  });
});

describe('a throttled invocation', () => {
  test('is tried again, with the same batch', async () => {
    let left = 2;
    const { queue, seen } = setUp(() => ((left -= 1) >= 0 ? THROTTLED : DONE));
    queue.add('m0');
    await until('it to succeed', () => queue.left === 0);
    expect(seen.batches).toEqual([['m0'], ['m0'], ['m0']]);
    expect(seen.lines).toEqual([]);
  });

  test('is given up in time, before the queue hands the batch out again', async () => {
    const visibilityMs = 700;
    const tries: number[] = [];
    const { queue, seen } = setUp(
      () => {
        tries.push(Date.now());
        return THROTTLED;
      },
      { visibilityMs },
    );
    queue.add('m0');
    await until('it to be given up', () => seen.lines.length === 1);
    expect(seen.lines[0]).toMatch(/a batch of 1 failed: ConcurrentInvocationLimitExceeded/);
    expect(tries.length).toBeGreaterThan(1);
    expect(queue.receivesOf('m0')).toBe(1);
    await until('it to be redelivered', () => queue.receivesOf('m0') === 2);
  });
});

describe('a failure', () => {
  test('with the queue is logged, and polling continues', async () => {
    const { queue, seen, mapping } = setUp(() => DONE, { enabled: false });
    queue.brokenReceives = 5;
    queue.add('m0');
    mapping.setEnabled(true);
    await until('polling to continue', () => queue.left === 0);
    expect(seen.lines.length).toBe(5);
    expect(seen.lines[0]).toMatch(
      /mapping-1 of .*events\.fifo: cannot poll the queue, will try again: Error: the queue is down/,
    );
  });

  test('of the invoker is logged, and the batch is redelivered', async () => {
    let first = true;
    const { queue, seen } = setUp(
      () => {
        if (!first) return DONE;
        first = false;
        throw new Error('no process');
      },
      { visibilityMs: 200 },
    );
    queue.add('m0');
    await until('the batch to be redelivered', () => queue.left === 0);
    expect(seen.lines).toEqual([expect.stringMatching(/will try again: Error: no process/)]);
  });

  test('of a queue that answers immediately without messages does not make it spin', async () => {
    let receives = 0;
    setUp(() => DONE, {
      source: {
        receive: () => {
          receives += 1;
          return Promise.resolve([]);
        },
        delete: () => Promise.resolve(),
      },
    });
    await sleep(200);
    expect(receives).toBeLessThan(100);
  });
});

describe('closing', () => {
  test('waits for invocations in flight', async () => {
    const { respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond);
    queue.add('m0');
    await until('the invocation', () => seen.running === 1);
    const closing = mapping.close();
    await sleep(50);
    release();
    await closing;
    expect(queue.deleted).toEqual(['m0']);
    expect(queue.waiting).toBe(0);
  });

  test('aborts an invocation that takes too long', async () => {
    const { queue, seen, mapping } = setUp(
      (_, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () =>
            resolve({ kind: 'error', error: { errorType: 'Sandbox.Aborted', errorMessage: 'cut off' } }),
          );
        }),
    );
    queue.add('m0');
    await until('the invocation', () => seen.running === 1);
    await mapping.close(50);
    expect(seen.running).toBe(0);
    expect(queue.deleted).toEqual([]);
    expect(seen.lines).toEqual([expect.stringMatching(/Sandbox\.Aborted: cut off/)]);
  });

  test('ends a throttled batch and a pause as well', async () => {
    const { queue, seen, mapping } = setUp(() => THROTTLED);
    queue.add('m0');
    await until('some tries', () => seen.batches.length > 2);
    await mapping.close(30_000);
    expect(seen.lines).toHaveLength(1);
  });
});
