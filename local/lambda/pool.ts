/**
 * A Lambda function on one machine. Lambda's rules hold: each process serves one invocation at a time and is frozen
 * in between, a crash or a timeout costs that process and no other, and nothing is inherited from the local run.
 */
import { randomUUID } from 'node:crypto';
import type { Answer, Child } from './child.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import { Environments } from './environments.ts';
import { ABORTED, CLOSED } from './faults.ts';
import type { InvokeOptions, InvokeResult, LambdaFunctionOptions } from './function.ts';
import { reportLine } from './report.ts';

export { ConcurrencyLimit } from './concurrency.ts';
export type { InvokeOptions, InvokeResult, LambdaFunctionOptions } from './function.ts';
export type { FunctionError } from './protocol.ts';

/** Lambda's limits for a synchronous invocation, in bytes. */
const MAX_REQUEST_BYTES = 6_291_456;
const MAX_RESPONSE_BYTES = 6_291_556;

/** Lambda's limit for loading the code. It is not part of the function's own timeout. */
const INIT_LIMIT_MS = 10_000;

type Finished = Exclude<InvokeResult, { kind: 'throttled' }>;

const failed = (errorType: string, errorMessage: string): Finished => ({
  kind: 'error',
  error: { errorType, errorMessage },
});

const qualifiedArn = (arn: string, qualifier: string | undefined): string =>
  qualifier === undefined ? arn : `${arn}:${qualifier}`;

export class LambdaFunction {
  readonly #options: LambdaFunctionOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #environments: Environments;
  #closed = false;

  constructor(options: LambdaFunctionOptions) {
    this.#options = options;
    this.#limit =
      options.reservedConcurrency === undefined
        ? (options.concurrency ?? new ConcurrencyLimit())
        : new ConcurrencyLimit(options.reservedConcurrency);
    this.#environments = new Environments(options);
  }

  get name(): string {
    return this.#options.name;
  }

  get arn(): string {
    return this.#options.arn;
  }

  get timeoutMs(): number {
    return this.#options.timeoutMs;
  }

  /** How many processes there are, busy and idle. */
  get processes(): { readonly busy: number; readonly idle: number } {
    return this.#environments.processes;
  }

  /**
   * Runs the function once and waits for its answer.
   * @param payload what JSON can hold
   * @returns the function's answer; how it failed; or that its concurrency is used up
   * @throws when the payload is not JSON, or when a process cannot be recorded or given its directory on disk
   */
  async invoke(payload: unknown, { signal, qualifier }: InvokeOptions = {}): Promise<InvokeResult> {
    if (this.#closed) return { kind: 'error', error: CLOSED };
    if (signal?.aborted === true) return { kind: 'error', error: ABORTED };
    const event = JSON.stringify(payload ?? null);
    if (Buffer.byteLength(event) > MAX_REQUEST_BYTES)
      return failed(
        'RequestTooLargeException',
        `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation`,
      );
    if (!this.#limit.tryTake())
      return {
        kind: 'throttled',
        reason:
          this.#options.reservedConcurrency === undefined
            ? 'ConcurrentInvocationLimitExceeded'
            : 'ReservedFunctionConcurrentInvocationLimitExceeded',
      };
    try {
      return await this.#run(event, { signal, invokedArn: qualifiedArn(this.#options.arn, qualifier) });
    } finally {
      this.#limit.release();
    }
  }

  /** Deploys: invocations from now on run the new code; those that run finish on the old. */
  updateCode(codeDir: string, environment: Readonly<Record<string, string>>): void {
    this.#environments.updateCode(codeDir, environment);
  }

  /** Ends all processes; an invocation that still runs is answered an error. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#environments.close();
  }

  async #run(
    event: string,
    { signal, invokedArn }: { readonly signal: AbortSignal | undefined; readonly invokedArn: string },
  ): Promise<Finished> {
    const requestId = randomUUID();
    const began = performance.now();
    const warm = this.#environments.takeIdle();
    const child = warm ?? this.#environments.fork();
    const abort = (): void => child.kill(ABORTED);
    signal?.addEventListener('abort', abort, { once: true });
    let initMs: number | undefined;
    try {
      if (warm === undefined) {
        const started = await child.start(requestId, this.#options.initTimeoutMs ?? INIT_LIMIT_MS);
        initMs = performance.now() - began;
        if (started.type !== 'ready') return this.#finish(requestId, child, started, { initMs, ms: 0 });
      }
      const start = performance.now();
      const answer = await child.invoke({ requestId, invokedArn, event }, this.#options.timeoutMs);
      return this.#finish(requestId, child, answer, { initMs, ms: performance.now() - start });
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#environments.release(child);
    }
  }

  #finish(
    requestId: string,
    child: Child,
    answer: Answer,
    { initMs, ms }: { readonly initMs: number | undefined; readonly ms: number },
  ): Finished {
    const result = toResult(answer);
    const error = result.kind === 'error' ? result.error : undefined;
    const { memoryMb, logger } = this.#options;
    logger(reportLine({ requestId, ms, initMs, memoryMb, peakMemory: child.peakMemory, error }));
    return result;
  }
}

const toResult = (answer: Answer): Finished => {
  if (answer.type === 'ready') return failed('Sandbox.StartFailed', 'The process answered out of turn');
  if (answer.type !== 'payload') return { kind: 'error', error: answer.error };
  if (Buffer.byteLength(answer.payload) > MAX_RESPONSE_BYTES)
    return failed(
      'Function.ResponseSizeTooLarge',
      `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes)`,
    );
  return { kind: 'payload', payload: JSON.parse(answer.payload) };
};
