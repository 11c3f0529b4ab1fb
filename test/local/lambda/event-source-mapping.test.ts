import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EventSourceMapping,
  type EventSourceMappingOptions,
  InvalidParameterValueException,
  ResourceInUseException,
} from '../../../local/lambda/event-source-mapping.ts';
import type { InvokeResult } from '../../../local/lambda/pool.ts';
import { FakeQueue } from './fake-queue.ts';
import { until } from './fixtures.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:events.fifo';
const DONE: InvokeResult = { kind: 'payload', payload: null };
const CRASH: InvokeResult = { kind: 'error', error: { errorType: 'Crash', errorMessage: 'bang' } };
const THROTTLED: InvokeResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };
const failing = (...ids: string[]): InvokeResult => ({
  kind: 'payload',
  payload: { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) },
});

const made: EventSourceMapping[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((mapping) => mapping.close(0)));
});

/** A mapping of a queue in memory to a function that is an ordinary one here. */
const setUp = (
  respond: (ids: string[], signal: AbortSignal | undefined) => Promise<InvokeResult> | InvokeResult,
  { visibilityMs = 60_000, ...options }: Partial<EventSourceMappingOptions> & { visibilityMs?: number } = {},
) => {
  const queue = new FakeQueue(visibilityMs);
  const seen = { batches: [] as string[][], running: 0, most: 0, lines: [] as string[] };
  const target = {
    timeoutMs: 50,
    invoke: async (payload: unknown, invocation: { signal?: AbortSignal } = {}): Promise<InvokeResult> => {
      const ids = (payload as { Records: { messageId: string }[] }).Records.map(({ messageId }) => messageId);
      seen.batches.push(ids);
      seen.running += 1;
      seen.most = Math.max(seen.most, seen.running);
      try {
        return await respond(ids, invocation.signal);
      } finally {
        seen.running -= 1;
      }
    },
  };
  const mapping = new EventSourceMapping({
    id: 'mapping-1',
    queueArn: ARN,
    source: queue,
    target,
    visibilityTimeoutMs: visibilityMs,
    reportBatchItemFailures: true,
    logger: (line) => seen.lines.push(line),
    transitionMs: 20,
    growEveryMs: 10,
    ...options,
  });
  made.push(mapping);
  return { queue, seen, mapping };
};

/** A function whose invocations end when the test says so. */
const gate = () => {
  const open: ((result: InvokeResult) => void)[] = [];
  return {
    open,
    respond: (_: string[], signal: AbortSignal | undefined) =>
      new Promise<InvokeResult>((resolve) => {
        open.push(resolve);
        signal?.addEventListener('abort', () => resolve(CRASH));
      }),
    release: (result: InvokeResult = DONE) => {
      for (const resolve of open.splice(0)) resolve(result);
    },
  };
};

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);

describe('a batch', () => {
  test('that succeeds is deleted; it holds at most ten', async () => {
    const { queue, seen } = setUp(() => DONE);
    queue.add(...many(25));
    await until(() => queue.left === 0, 'all to be deleted');
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
    await until(() => queue.left === 0, 'the failed one to come again');
    expect(Date.now() - began).toBeGreaterThanOrEqual(200);
    expect(seen.batches).toEqual([many(3), ['m1']]);
    expect(queue.deleted).toEqual(['m0', 'm2', 'm1']);
  });

  test('is deleted whatever the answer is, where failures are not reported', async () => {
    const { queue } = setUp(() => failing('m0'), { reportBatchItemFailures: false });
    queue.add('m0');
    await until(() => queue.left === 0, 'it to be deleted');
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
  ])('fails as a whole by %s: nothing is deleted, all of it comes again', async (_, result, log) => {
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
    await until(() => seen.lines.length === 1, 'the failure to be logged');
    expect(seen.lines[0]).toMatch(log);
    expect(queue.deleted).toEqual([]);
    await until(() => queue.left === 0, 'the batch to come again');
    expect(seen.batches).toEqual([
      ['m0', 'm1'],
      ['m0', 'm1'],
    ]);
  });

  test('whose deletion fails is deleted in another try, and logged when none helps', async () => {
    const { queue, seen } = setUp(() => DONE);
    queue.brokenDeletes = 3;
    queue.add('m0');
    await until(() => queue.left === 0, 'it to be deleted');
    expect(seen.lines).toEqual([]);
    queue.brokenDeletes = 4;
    queue.add('m1');
    await until(() => seen.lines.length === 1, 'the failure to be logged');
    expect(seen.lines[0]).toMatch(
      /cannot delete 1 processed messages; they will come again: Error: cannot delete/,
    );
  });
});

describe('concurrency', () => {
  test('begins with a few, grows while there is work, and stops at the maximum', async () => {
    const { open, respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1, maximumConcurrency: 5, growEveryMs: 50 });
    await until(() => queue.waiting === 2, 'the first pollers');
    queue.add(...many(30));
    await until(() => seen.running === 5, 'the maximum to be reached');
    await sleep(300);
    expect(seen.running).toBe(5);
    while (queue.left > 0) {
      release();
      await until(() => open.length > 0 || queue.left === 0, 'the next');
    }
    expect(seen.most).toBe(5);
  });

  test('does not grow while a poller is waiting', async () => {
    const { respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1 });
    queue.add('m0');
    await until(() => seen.running === 1, 'the invocation');
    await sleep(200);
    expect(queue.waiting).toBe(1);
    release();
  });

  test('can be lowered: those that wait count as well', async () => {
    const { open, respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond, { batchSize: 1, maximumConcurrency: 6 });
    queue.add(...many(6));
    await until(() => seen.running === 6, 'the maximum to be reached');
    release();
    await until(() => queue.waiting === 6, 'all pollers to wait');
    mapping.setMaximumConcurrency(2);
    expect(mapping.state).toBe('Updating');
    await mapping.settled();
    expect(mapping.state).toBe('Enabled');
    expect(mapping.maximumConcurrency).toBe(2);
    await until(() => queue.waiting === 2, 'the others to end');
    seen.most = 0;
    queue.add(...many(8));
    await until(() => seen.running === 2, 'the new maximum to be reached');
    await sleep(200);
    while (queue.left > 0) {
      release();
      await until(() => open.length > 0 || queue.left === 0, 'the next');
    }
    expect(seen.most).toBe(2);
  });

  test('goes down when the function fails, for all, and comes back when it succeeds', async () => {
    const { open, respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1, maximumConcurrency: 8 });
    queue.add(...many(300));
    await until(() => seen.running === 8, 'the maximum to be reached');
    release(CRASH);
    await until(() => open.length > 0, 'the next');
    await sleep(1_500);
    expect(seen.running).toBe(1);
    while (seen.running < 8) {
      release();
      await sleep(20);
    }
    expect(seen.lines).toHaveLength(8);
    release();
  });
});

describe('a throttled invocation', () => {
  test('is tried again, with the same batch', async () => {
    let left = 2;
    const { queue, seen } = setUp(() => ((left -= 1) >= 0 ? THROTTLED : DONE));
    queue.add('m0');
    await until(() => queue.left === 0, 'it to succeed');
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
    await until(() => seen.lines.length === 1, 'it to be given up');
    expect(seen.lines[0]).toMatch(/a batch of 1 failed: ConcurrentInvocationLimitExceeded/);
    expect(tries.length).toBeGreaterThan(1);
    expect(queue.receivesOf('m0')).toBe(1);
    await until(() => queue.receivesOf('m0') === 2, 'it to come again');
  });
});

describe('a state', () => {
  test('Disabled: polling has stopped and what was in flight has finished', async () => {
    const { respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond);
    expect(mapping.state).toBe('Enabled');
    queue.add('m0');
    await until(() => seen.running === 1, 'the invocation');
    mapping.setEnabled(false);
    expect(mapping.state).toBe('Disabling');
    await until(() => queue.waiting === 0, 'polling to stop');
    await sleep(100);
    expect(mapping.state).toBe('Disabling');
    release();
    await mapping.settled();
    expect(mapping.state).toBe('Disabled');
    expect(queue.deleted).toEqual(['m0']);

    const { receives } = queue;
    queue.add('m1');
    await sleep(200);
    expect(queue.receives).toBe(receives);
    expect(queue.left).toBe(1);

    mapping.update({ enabled: true, maximumConcurrency: 3 });
    expect(mapping.state).toBe('Enabling');
    await until(() => seen.running === 1, 'polling to begin again');
    expect(mapping.state).toBe('Enabled');
    expect(mapping.maximumConcurrency).toBe(3);
    release();
    await until(() => queue.left === 0, 'the rest');
  });

  test('in between refuses a change', async () => {
    const { mapping } = setUp(() => DONE);
    mapping.setEnabled(false);
    expect(() => mapping.setEnabled(true)).toThrow(ResourceInUseException);
    expect(() => mapping.setMaximumConcurrency(3)).toThrow(
      /Cannot update the event source mapping mapping-1 because it is in use \(Disabling\)/,
    );
    await mapping.settled();
    mapping.setMaximumConcurrency(4);
    expect(mapping.state).toBe('Updating');
    await mapping.settled();
    expect(mapping.state).toBe('Disabled');
    expect(mapping.maximumConcurrency).toBe(4);
  });

  test('Disabled can be the first', async () => {
    const { queue, mapping } = setUp(() => DONE, { enabled: false });
    queue.add('m0');
    await sleep(100);
    expect(mapping.state).toBe('Disabled');
    expect(queue.receives).toBe(0);
  });

  test('is not changed by a value that AWS refuses', () => {
    const { mapping } = setUp(() => DONE);
    for (const wrong of [0, 1, 1_001, 2.5])
      expect(() => mapping.setMaximumConcurrency(wrong)).toThrow(
        /MaximumConcurrency is .*; use a whole number from 2 to 1000/,
      );
    expect(mapping.state).toBe('Enabled');
    expect(() => setUp(() => DONE, { batchSize: 11 })).toThrow(/BatchSize is 11/);
    expect(() => setUp(() => DONE, { visibilityMs: 49 })).toThrow(InvalidParameterValueException);
    expect(() => setUp(() => DONE, { visibilityMs: 49 })).toThrow(
      /Queue visibility timeout: 0\.049 seconds is less than Function timeout: 0\.05 seconds/,
    );
  });
});

describe('trouble', () => {
  test('with the queue is logged, and polling goes on', async () => {
    const { queue, seen, mapping } = setUp(() => DONE, { enabled: false });
    queue.brokenReceives = 5;
    queue.add('m0');
    mapping.setEnabled(true);
    await until(() => queue.left === 0, 'polling to go on');
    expect(seen.lines.length).toBe(5);
    expect(seen.lines[0]).toMatch(
      /mapping-1 of .*events\.fifo: cannot poll the queue, will try again: Error: the queue is down/,
    );
  });

  test('in what invokes the function is logged, and the batch comes again', async () => {
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
    await until(() => queue.left === 0, 'the batch to come again');
    expect(seen.lines).toEqual([expect.stringMatching(/will try again: Error: no process/)]);
  });

  test('of a queue that answers nothing at once does not make it spin', async () => {
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

describe('the end', () => {
  test('waits for what is in flight', async () => {
    const { respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond);
    queue.add('m0');
    await until(() => seen.running === 1, 'the invocation');
    const closing = mapping.close();
    await sleep(50);
    release();
    await closing;
    expect(queue.deleted).toEqual(['m0']);
    expect(queue.waiting).toBe(0);
  });

  test('cuts off what takes too long', async () => {
    const { queue, seen, mapping } = setUp(
      (_, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () =>
            resolve({ kind: 'error', error: { errorType: 'Sandbox.Aborted', errorMessage: 'cut off' } }),
          );
        }),
    );
    queue.add('m0');
    await until(() => seen.running === 1, 'the invocation');
    await mapping.close(50);
    expect(seen.running).toBe(0);
    expect(queue.deleted).toEqual([]);
    expect(seen.lines).toEqual([expect.stringMatching(/Sandbox\.Aborted: cut off/)]);
  });

  test('ends a throttled batch and a pause as well', async () => {
    const { queue, seen, mapping } = setUp(() => THROTTLED);
    queue.add('m0');
    await until(() => seen.batches.length > 2, 'some tries');
    await mapping.close(30_000);
    expect(seen.lines).toHaveLength(1);
  });
});
