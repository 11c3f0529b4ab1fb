/**
 * Asynchronous invocations: Lambda answers immediately and runs the function when it can. One that is throttled waits for its
 * turn, one that fails is tried again, as often and as long as the function's EventInvokeConfig says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAbort } from '../common/abort.ts';
import type { AsyncSpec } from './template.ts';
import type { InvokeOptions, InvokeResult } from './function.ts';

export interface AsyncInvokerOptions {
  /** @throws when there is no such function */
  readonly invoke: (
    functionName: string,
    payload: unknown,
    options?: Pick<InvokeOptions, 'qualifier'>,
  ) => Promise<InvokeResult>;
  /** @throws when there is no such function, or no such alias of it */
  readonly settings: (functionName: string, qualifier?: string) => AsyncSpec;
  readonly onTrouble: (functionName: string, line: string) => void;
  /** Milliseconds before the first retry of a failed one; doubled for the next. Default: a minute, as on AWS. */
  readonly retryDelayMs?: number;
}

const RETRY_DELAY_MS = 60_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export class AsyncInvoker {
  readonly #options: AsyncInvokerOptions;
  readonly #closing = newAbort();
  readonly #running = new Set<Promise<void>>();

  constructor(options: AsyncInvokerOptions) {
    this.#options = options;
  }

  /** Resolves when it has succeeded, or was given up, or the local run ends. A caller that does not wait for it loses nothing. */
  invoke(functionName: string, payload: unknown, qualifier?: string): Promise<void> {
    const work = this.#run(functionName, payload, qualifier)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.onTrouble(functionName, String(error));
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
    return work;
  }

  /** Ends what waits. What runs ends with the functions. */
  close(): void {
    this.#closing.abort();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(functionName: string, payload: unknown, qualifier: string | undefined): Promise<void> {
    const { invoke, settings, onTrouble, retryDelayMs = RETRY_DELAY_MS } = this.#options;
    const { signal } = this.#closing;
    const began = performance.now();
    let failures = 0;
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const { maxRetries, maxAgeMs } = settings(functionName, qualifier);
      const result = await invoke(functionName, payload, qualifier === undefined ? {} : { qualifier });
      if (result.kind === 'payload' || signal.aborted) return;
      const throttled = result.kind === 'throttled';
      if (!throttled) failures += 1;
      const delay = throttled ? wait : retryDelayMs * 2 ** (failures - 1);
      if (throttled) wait = Math.min(LONGEST_WAIT_MS, wait * 2);
      if (failures > maxRetries || performance.now() - began + delay > maxAgeMs) {
        const why = throttled ? result.reason : `${result.error.errorType}: ${result.error.errorMessage}`;
        onTrouble(functionName, `an asynchronous invocation was given up: ${why}`);
        return;
      }
      await sleep(delay, undefined, { signal });
    }
  }
}
