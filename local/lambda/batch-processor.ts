/** What a mapping does with a batch: it invokes the function, and deletes the messages that the function has processed. */
import type { InvokeResult } from './function.ts';
import type { EventSourceMappingOptions, QueueMessage } from './mapping-options.ts';
import type { PollerScale } from './poller-scale.ts';
import { doubling, pause, textOf } from './retries.ts';
import { readBatchAnswer, toSqsEvent } from './sqs-event.ts';

const DELETE_TRIES = 4;

export interface BatchProcessorOptions extends Pick<
  EventSourceMappingOptions,
  'source' | 'queueArn' | 'target' | 'visibilityTimeoutMs' | 'reportBatchItemFailures'
> {
  readonly scale: Pick<PollerScale, 'failed' | 'succeeded'>;
  /** Aborts when the mapping closes: what is throttled is not invoked again. */
  readonly closing: AbortSignal;
  /** Aborts when the mapping has waited long enough for what it has invoked. */
  readonly cutOff: AbortSignal;
  readonly log: (line: string) => void;
}

export class BatchProcessor {
  readonly #options: BatchProcessorOptions;

  constructor(options: BatchProcessorOptions) {
    this.#options = options;
  }

  /** @returns why the batch failed, and then nothing of it is deleted; undefined when the function has answered */
  async process(messages: readonly QueueMessage[]): Promise<string | undefined> {
    const { queueArn, reportBatchItemFailures, scale } = this.#options;
    const result = await this.#invoke(toSqsEvent(messages, queueArn));
    if (result.kind === 'error') return `${result.error.errorType}: ${result.error.errorMessage}`;
    if (result.kind === 'throttled') return result.reason;
    const ids = new Set(messages.map(({ messageId }) => messageId));
    const answer = readBatchAnswer(reportBatchItemFailures ? result.payload : null, ids);
    if (answer.kind === 'malformed') return `the function's answer is malformed: ${answer.why}`;
    scale.succeeded();
    const done = messages.filter(({ messageId }) => !answer.failed.has(messageId));
    if (done.length > 0) await this.#delete(done);
    return undefined;
  }

  /**
   * A throttled invocation is tried again for as long as one that then takes all its time would still end before the
   * queue hands the messages out again: two invocations must never work on the same message at the same time.
   */
  async #invoke(event: object): Promise<InvokeResult> {
    const { target, visibilityTimeoutMs, scale, closing, cutOff } = this.#options;
    const lastStart = performance.now() + visibilityTimeoutMs - target.timeoutMs;
    for (let tries = 1; ; tries += 1) {
      const result = await target.invoke(event, { signal: cutOff });
      if (result.kind !== 'throttled') return result;
      scale.failed();
      const delay = doubling(50, 5_000, tries);
      if (closing.aborted || performance.now() + delay > lastStart) return result;
      await pause(delay, closing);
    }
  }

  /** What cannot be deleted is handed out again: a duplicate, not a loss. */
  async #delete(messages: readonly QueueMessage[]): Promise<void> {
    const { source, cutOff, log } = this.#options;
    const handles = messages.map(({ receiptHandle }) => receiptHandle);
    for (let tries = 1; ; tries += 1) {
      try {
        await source.delete(handles);
        return;
      } catch (error) {
        if (tries === DELETE_TRIES) {
          log(
            `cannot delete ${handles.length} processed messages; they will be received again: ${textOf(error)}`,
          );
          return;
        }
        await pause(doubling(50, 1_000, tries), cutOff);
      }
    }
  }
}
