/** A mapping of a queue in memory to a function of the test. */
import { afterEach } from '@jest/globals';
import {
  EventSourceMapping,
  type EventSourceMappingOptions,
} from '../../../local/lambda/event-source-mapping.ts';
import type { InvokeResult } from '../../../local/lambda/pool.ts';
import { FakeQueue } from './fake-queue.ts';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:events.fifo';
export const DONE: InvokeResult = { kind: 'payload', payload: null };
export const CRASH: InvokeResult = { kind: 'error', error: { errorType: 'Crash', errorMessage: 'bang' } };
export const THROTTLED: InvokeResult = { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };
export const failing = (...ids: string[]): InvokeResult => ({
  kind: 'payload',
  payload: { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) },
});

const made: EventSourceMapping[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((mapping) => mapping.close(0)));
});

/** A mapping of a queue in memory to a function that is an ordinary one here. */
export const setUp = (
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
export const gate = () => {
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

export const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
