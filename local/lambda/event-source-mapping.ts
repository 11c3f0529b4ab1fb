/**
 * What brings a queue's messages to a function: Lambda's event source mapping for SQS.
 *
 * One receive makes one batch makes one invocation. What the function did not report as failed is deleted; what
 * failed is left alone, and the queue hands it out again when the visibility timeout that began with the receive is
 * over. The order within a message group is the queue's: it hands out nothing behind a message that is in flight.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InvokeResult } from './function.ts';
import {
  checked,
  type EventSourceMappingOptions,
  InvalidParameterValueException,
  type MappingState,
  type MessageSource,
  type QueueMessage,
  ResourceInUseException,
} from './mapping-options.ts';
import { PollerScale } from './poller-scale.ts';
import { readBatchAnswer, toSqsEvent } from './sqs-event.ts';

export { InvalidParameterValueException, ResourceInUseException } from './mapping-options.ts';
export type * from './mapping-options.ts';

const WAIT_SECONDS = 20;
const DEFAULT_TRANSITION_MS = 100;
const DEFAULT_GROW_EVERY_MS = 200;
const DEFAULT_CLOSE_LIMIT_MS = 10_000;
const DELETE_TRIES = 4;
const EMPTY_PAUSE_MS = 10;

/** Milliseconds: doubles with each failure in a row. */
const doubling = (first: number, longest: number, failures: number): number =>
  Math.min(longest, first * 2 ** Math.min(failures - 1, 30));

/** An abort that many pollers listen to at once, which Node would take for a leak. */
const newAbort = (): AbortController => {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
};

/** Ends early, and without an error, when the signal aborts. */
const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

const textOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : String(error);

export class EventSourceMapping {
  readonly #options: EventSourceMappingOptions;
  readonly #batchSize: number;
  readonly #scale: PollerScale;
  #state: MappingState;
  /** Ends the receives that wait, and the pauses between them. */
  #polling = newAbort();
  readonly #closing = newAbort();
  /** Ends what is still invoked when `close` has waited long enough. */
  readonly #cutOff = newAbort();
  /** Resolves when the change under way, if any, has come into force. */
  #transition: Promise<void> = Promise.resolve();

  /** @throws InvalidParameterValueException */
  constructor(options: EventSourceMappingOptions) {
    this.#options = options;
    this.#batchSize = checked('BatchSize', options.batchSize ?? 10, 1, 10);
    if (options.visibilityTimeoutMs < options.target.timeoutMs)
      throw new InvalidParameterValueException(
        `Queue visibility timeout: ${options.visibilityTimeoutMs / 1000} seconds is less than ` +
          `Function timeout: ${options.target.timeoutMs / 1000} seconds (queue ${options.queueArn})`,
      );
    this.#scale = new PollerScale({
      maximum: checked('MaximumConcurrency', options.maximumConcurrency ?? 1_000, 2, 1_000),
      growEveryMs: options.growEveryMs ?? DEFAULT_GROW_EVERY_MS,
      start: () => void this.#poll(),
    });
    this.#state = options.enabled === false ? 'Disabled' : 'Enabled';
    if (this.#state === 'Enabled') this.#begin();
  }

  get id(): string {
    return this.#options.id;
  }

  get state(): MappingState {
    return this.#state;
  }

  get maximumConcurrency(): number {
    return this.#scale.maximum;
  }

  /**
   * Lambda's UpdateEventSourceMapping: one call may change both. It returns at once; `state` tells when it is done.
   * Disabling ends polling at once, batches in flight finish, and then the state is `Disabled`.
   * @throws ResourceInUseException while an earlier change is under way
   * @throws InvalidParameterValueException
   */
  update(change: { readonly enabled?: boolean; readonly maximumConcurrency?: number }): void {
    if (this.#state !== 'Enabled' && this.#state !== 'Disabled')
      throw new ResourceInUseException(
        `Cannot update the event source mapping ${this.id} because it is in use (${this.#state})`,
      );
    const { maximumConcurrency = this.maximumConcurrency } = change;
    checked('MaximumConcurrency', maximumConcurrency, 2, 1_000);
    const was = this.#state;
    const becomes = (change.enabled ?? was === 'Enabled') ? 'Enabled' : 'Disabled';
    if (becomes === was) this.#state = 'Updating';
    else this.#state = becomes === 'Enabled' ? 'Enabling' : 'Disabling';
    this.#transition = this.#change(becomes, maximumConcurrency);
  }

  /** @throws ResourceInUseException while an earlier change is under way */
  setEnabled(enabled: boolean): void {
    this.update({ enabled });
  }

  /** @param maximumConcurrency 2 to 1,000 @throws ResourceInUseException, InvalidParameterValueException */
  setMaximumConcurrency(maximumConcurrency: number): void {
    this.update({ maximumConcurrency });
  }

  /** Resolves when no change is under way any more. */
  async settled(): Promise<void> {
    await this.#transition;
  }

  /**
   * Ends polling and waits for what is in flight; what takes longer is killed.
   * @param limitMs how long it waits. Default: 10 seconds
   */
  async close(limitMs = DEFAULT_CLOSE_LIMIT_MS): Promise<void> {
    this.#closing.abort();
    this.#end();
    const timer = setTimeout(() => this.#cutOff.abort(), limitMs);
    await this.#scale.idle();
    clearTimeout(timer);
    await this.#transition;
  }

  #begin(): void {
    if (!this.#closing.signal.aborted) this.#scale.open();
  }

  #end(): void {
    this.#scale.shut();
    this.#interrupt();
  }

  /** Makes the pollers that wait for messages look again at whether they may go on. */
  #interrupt(): void {
    this.#polling.abort();
    this.#polling = newAbort();
  }

  async #change(becomes: 'Enabled' | 'Disabled', maximumConcurrency: number): Promise<void> {
    if (becomes === 'Disabled') this.#end();
    await sleep(this.#options.transitionMs ?? DEFAULT_TRANSITION_MS);
    if (becomes === 'Disabled') await this.#scale.idle();
    this.#scale.maximum = maximumConcurrency;
    // Whoever waits beyond a lower maximum would get a message in the end, and be one too many.
    if (this.#state === 'Updating') this.#interrupt();
    this.#state = becomes;
    if (becomes === 'Enabled') this.#begin();
  }

  /** One poller: it receives, invokes and deletes, over and over, until there are too many or nothing to do. */
  async #poll(): Promise<void> {
    let failures = 0;
    while (this.#scale.mayGoOn()) {
      const { signal } = this.#polling;
      try {
        const messages = await this.#scale.whileWaiting(() => this.#receive(signal));
        failures = 0;
        if (messages.length > 0) await this.#process(messages);
        else if (this.#scale.isSurplus) break;
      } catch (error) {
        failures += 1;
        this.#log(`cannot poll the queue, will try again: ${textOf(error)}`);
        await pause(doubling(100, 5_000, failures), signal);
      }
    }
    this.#scale.ended();
  }

  async #receive(signal: AbortSignal): Promise<readonly QueueMessage[]> {
    const { source } = this.#options;
    let messages: readonly QueueMessage[] = [];
    try {
      messages = await source.receive({ maxMessages: this.#batchSize, waitSeconds: WAIT_SECONDS, signal });
    } catch (error) {
      // It was told to end, and this is one of the ways in which a source may do that.
      if (!signal.aborted) throw error;
    }
    // A source that answers "nothing" without having waited must not make this spin.
    if (messages.length === 0) await pause(EMPTY_PAUSE_MS, signal);
    return messages;
  }

  async #process(messages: readonly QueueMessage[]): Promise<void> {
    const { source, queueArn, reportBatchItemFailures } = this.#options;
    const result = await this.#invoke(toSqsEvent(messages, queueArn));
    if (result.kind !== 'payload') {
      const why =
        result.kind === 'error' ? `${result.error.errorType}: ${result.error.errorMessage}` : result.reason;
      await this.#failed(messages, why);
      return;
    }
    const ids = new Set(messages.map(({ messageId }) => messageId));
    const answer = readBatchAnswer(reportBatchItemFailures ? result.payload : null, ids);
    if (answer.kind === 'malformed') {
      await this.#failed(messages, `the function's answer is malformed: ${answer.why}`);
      return;
    }
    this.#scale.succeeded();
    const done = messages.filter(({ messageId }) => !answer.failed.has(messageId));
    if (done.length > 0) await this.#delete(source, done);
  }

  /**
   * A throttled invocation is tried again for as long as one that then takes all its time would still end before the
   * queue hands the messages out again: two invocations must never work on the same message at once.
   */
  async #invoke(event: object): Promise<InvokeResult> {
    const { target, visibilityTimeoutMs } = this.#options;
    const lastStart = performance.now() + visibilityTimeoutMs - target.timeoutMs;
    for (let tries = 1; ; tries += 1) {
      const result = await target.invoke(event, { signal: this.#cutOff.signal });
      if (result.kind !== 'throttled') return result;
      this.#scale.failed();
      const delay = doubling(50, 5_000, tries);
      if (this.#closing.signal.aborted || performance.now() + delay > lastStart) return result;
      await pause(delay, this.#closing.signal);
    }
  }

  /** Nothing is deleted. The mapping slows down, for all users: it cannot tell which message was at fault. */
  async #failed(messages: readonly QueueMessage[], why: string): Promise<void> {
    this.#log(`a batch of ${messages.length} failed: ${why}`);
    await pause(doubling(50, 1_000, this.#scale.failed()), this.#polling.signal);
  }

  /** What cannot be deleted is handed out again: a duplicate, not a loss. */
  async #delete(source: MessageSource, messages: readonly QueueMessage[]): Promise<void> {
    const handles = messages.map(({ receiptHandle }) => receiptHandle);
    for (let tries = 1; ; tries += 1) {
      try {
        await source.delete(handles);
        return;
      } catch (error) {
        if (tries === DELETE_TRIES) {
          this.#log(
            `cannot delete ${handles.length} processed messages; they will come again: ${textOf(error)}`,
          );
          return;
        }
        await pause(doubling(50, 1_000, tries), this.#cutOff.signal);
      }
    }
  }

  #log(line: string): void {
    this.#options.logger(`mapping ${this.id} of ${this.#options.queueArn}: ${line}`);
  }
}
