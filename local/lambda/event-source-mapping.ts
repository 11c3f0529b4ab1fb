/**
 * What brings a queue's messages to a function: Lambda's event source mapping for SQS.
 *
 * One receive makes one batch makes one invocation. What the function did not report as failed is deleted; what
 * failed is left alone, and the queue hands it out again when the visibility timeout that began with the receive is
 * over. The order within a message group is the queue's: it hands out nothing behind a message that is in flight.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAbort } from '../common/abort.ts';
import { BatchProcessor } from './batch-processor.ts';
import {
  checked,
  type EventSourceMappingOptions,
  InvalidParameterValueException,
  type MappingState,
  type QueueMessage,
  ResourceInUseException,
} from './mapping-options.ts';
import { PollerScale } from './poller-scale.ts';
import { ReceiveTurns } from './receive-turns.ts';
import { doubling, pause, textOf } from './retries.ts';

export { InvalidParameterValueException, ResourceInUseException } from './mapping-options.ts';
export type * from './mapping-options.ts';

const WAIT_SECONDS = 20;
const DEFAULT_TRANSITION_MS = 100;
const DEFAULT_GROW_EVERY_MS = 200;
const DEFAULT_CLOSE_LIMIT_MS = 10_000;
const EMPTY_PAUSE_MS = 10;

export class EventSourceMapping {
  readonly #options: EventSourceMappingOptions;
  readonly #batchSize: number;
  readonly #scale: PollerScale;
  readonly #turns = new ReceiveTurns();
  readonly #batches: BatchProcessor;
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
    this.#batches = new BatchProcessor({
      ...options,
      scale: this.#scale,
      closing: this.#closing.signal,
      cutOff: this.#cutOff.signal,
      log: (line) => {
        this.#log(line);
      },
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
   * Lambda's UpdateEventSourceMapping: one call may change both. It returns immediately; `state` shows when it is done.
   * Disabling ends polling immediately, batches in flight finish, and then the state is `Disabled`.
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
    this.#scale.close();
    this.#interrupt();
  }

  /** Makes the pollers that wait for messages look again at whether they may continue. */
  #interrupt(): void {
    this.#polling.abort();
    this.#polling = newAbort();
  }

  async #change(becomes: 'Enabled' | 'Disabled', maximumConcurrency: number): Promise<void> {
    if (becomes === 'Disabled') this.#end();
    await sleep(this.#options.transitionMs ?? DEFAULT_TRANSITION_MS);
    if (becomes === 'Disabled') await this.#scale.idle();
    this.#scale.maximum = maximumConcurrency;
    // A poller that waits beyond a lower maximum would get a message in the end, and be one too many.
    if (this.#state === 'Updating') this.#interrupt();
    this.#state = becomes;
    if (becomes === 'Enabled') this.#begin();
  }

  /** One poller: it receives, invokes and deletes until there are too many or nothing to do. */
  async #poll(): Promise<void> {
    let failures = 0;
    while (this.#scale.mayContinue()) {
      const { signal } = this.#polling;
      try {
        const messages = await this.#scale.whileWaiting(() => this.#receiveInTurn(signal));
        failures = 0;
        if (messages.length > 0) {
          const failure = await this.#turns.work(() => this.#batches.process(messages));
          if (failure !== undefined) await this.#failed(messages, failure);
        } else if (this.#scale.isSurplus) break;
      } catch (error) {
        failures += 1;
        this.#log(`cannot poll the queue, will try again: ${textOf(error)}`);
        await pause(doubling(100, 5_000, failures), signal);
      }
    }
    this.#scale.ended();
  }

  #receiveInTurn(signal: AbortSignal): Promise<readonly QueueMessage[]> {
    return this.#turns.receive(
      { limitMs: WAIT_SECONDS * 1_000, signal },
      // While it waited for its turn a batch may have failed, after which there are fewer pollers.
      async () => (this.#scale.mayContinue() ? this.#receive(signal) : []),
      ({ length }) => length === this.#batchSize,
    );
  }

  async #receive(signal: AbortSignal): Promise<readonly QueueMessage[]> {
    const { source } = this.#options;
    let messages: readonly QueueMessage[] = [];
    try {
      messages = await source.receive({ maxMessages: this.#batchSize, waitSeconds: WAIT_SECONDS, signal });
    } catch (error) {
      // A source may end an aborted receive by rejecting.
      if (!signal.aborted) throw error;
    }
    // A source that answers "nothing" without having waited must not make this spin.
    if (messages.length === 0) await pause(EMPTY_PAUSE_MS, signal);
    return messages;
  }

  /** The mapping slows down, for all users: it cannot find out which message was at fault. */
  async #failed(messages: readonly QueueMessage[], why: string): Promise<void> {
    this.#log(`a batch of ${messages.length} failed: ${why}`);
    await pause(doubling(50, 1_000, this.#scale.failed()), this.#polling.signal);
  }

  #log(line: string): void {
    this.#options.logger(`mapping ${this.id} of ${this.#options.queueArn}: ${line}`);
  }
}
