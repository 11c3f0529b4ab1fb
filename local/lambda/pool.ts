/**
 * A Lambda function on one machine. Lambda's rules hold: each process serves one invocation at a time and is frozen
 * in between, a crash or a timeout costs that process and no other, and nothing is inherited from the local run.
 */
import { randomUUID } from 'node:crypto';
import { Child } from './child.ts';
import type { Answer, ChildOptions } from './child.ts';
import { ChildRecord } from './children.ts';
import { ConcurrencyLimit } from './concurrency.ts';
import type { InvokeOptions, InvokeResult, LambdaFunctionOptions } from './function.ts';
import type { FunctionError } from './protocol.ts';
import { reportLine } from './report.ts';

export { ConcurrencyLimit } from './concurrency.ts';
export type { InvokeOptions, InvokeResult, LambdaFunctionOptions } from './function.ts';
export type { FunctionError } from './protocol.ts';

/** Lambda's limits for a synchronous invocation, in bytes. */
const MAX_REQUEST_BYTES = 6_291_456;
const MAX_RESPONSE_BYTES = 6_291_556;

/** Lambda's limit for loading the code. It is not part of the function's own timeout. */
const INIT_LIMIT_MS = 10_000;

const DEFAULT_MAX_IDLE = 4;
const DEFAULT_IDLE_MS = 300_000;

const DEFAULT_SURPLUS_IDLE_MS = 10_000;
const REAP_MS = 1_000;

type Finished = Exclude<InvokeResult, { kind: 'throttled' }>;

const failed = (errorType: string, errorMessage: string): Finished => ({
  kind: 'error',
  error: { errorType, errorMessage },
});

const CLOSED: FunctionError = { errorType: 'Sandbox.Closed', errorMessage: 'The local run is stopping' };
const ABORTED: FunctionError = {
  errorType: 'Sandbox.Aborted',
  errorMessage: 'The invocation was cut off by its caller',
};
const RETIRED: FunctionError = { errorType: 'Sandbox.Retired', errorMessage: 'The process was not needed' };

export class LambdaFunction {
  readonly #options: LambdaFunctionOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #record: ChildRecord;
  #code: Pick<ChildOptions, 'codeDir' | 'environment'>;
  /** Grows with each deploy; a process belongs to the one it was started for. */
  #generation = 0;
  readonly #generations = new WeakMap<Child, number>();
  readonly #all = new Set<Child>();
  /** The longest idle first. */
  #idle: { readonly child: Child; readonly since: number }[] = [];
  readonly #reaper: NodeJS.Timeout;
  #closed = false;

  constructor(options: LambdaFunctionOptions) {
    this.#options = options;
    this.#code = { codeDir: options.codeDir, environment: options.environment };
    this.#limit =
      options.reservedConcurrency === undefined
        ? (options.concurrency ?? new ConcurrencyLimit())
        : new ConcurrencyLimit(options.reservedConcurrency);
    this.#record = new ChildRecord(options.childrenDir);
    this.#reaper = setInterval(() => this.#reap(), Math.min(REAP_MS, this.#idleMs, this.#surplusMs));
    this.#reaper.unref();
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
    return { busy: this.#all.size - this.#idle.length, idle: this.#idle.length };
  }

  /**
   * Runs the function once and waits for its answer.
   * @param payload what JSON can hold
   * @returns the function's answer; how it failed; or that its concurrency is used up
   * @throws when the payload is not JSON, or when a process cannot be recorded on disk
   */
  async invoke(payload: unknown, { signal }: InvokeOptions = {}): Promise<InvokeResult> {
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
      return await this.#run(event, signal);
    } finally {
      this.#limit.release();
    }
  }

  /** Deploys: invocations from now on run the new code; those that run finish on the old. */
  updateCode(codeDir: string, environment: Readonly<Record<string, string>>): void {
    this.#code = { codeDir, environment };
    this.#generation += 1;
    for (const { child } of this.#idle.splice(0)) child.kill(RETIRED);
  }

  /** Ends all processes; an invocation that still runs is answered an error. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    this.#idle = [];
    for (const child of this.#all) child.kill(CLOSED);
    await Promise.all([...this.#all].map((child) => child.ended));
  }

  get #idleMs(): number {
    return this.#options.idleMs ?? DEFAULT_IDLE_MS;
  }

  get #surplusMs(): number {
    return this.#options.surplusIdleMs ?? DEFAULT_SURPLUS_IDLE_MS;
  }

  async #run(event: string, signal: AbortSignal | undefined): Promise<Finished> {
    const requestId = randomUUID();
    const began = performance.now();
    const warm = this.#takeIdle();
    const child = warm ?? this.#fork();
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
      const answer = await child.invoke(requestId, event, this.#options.timeoutMs);
      return this.#finish(requestId, child, answer, { initMs, ms: performance.now() - start });
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#release(child);
    }
  }

  /** The one used last, so that the others grow old and are ended. One that died while it was idle is passed over. */
  #takeIdle(): Child | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop())
      if (last.child.isUsable) return last.child;
    return undefined;
  }

  #fork(): Child {
    const { name, arn, handler, memoryMb, runtime, logger } = this.#options;
    const child = new Child({
      name,
      arn,
      handler,
      memoryMb,
      runtime,
      logger,
      record: this.#record,
      ...this.#code,
    });
    this.#generations.set(child, this.#generation);
    this.#all.add(child);
    void child.ended.then(() => {
      this.#all.delete(child);
      this.#idle = this.#idle.filter((idle) => idle.child !== child);
    });
    return child;
  }

  /** Back to the idle ones, unless it belongs to an older deploy. */
  #release(child: Child): void {
    if (!child.isUsable || this.#closed) return;
    if (this.#generations.get(child) !== this.#generation) {
      child.kill(RETIRED);
      return;
    }
    child.freeze();
    this.#idle.push({ child, since: performance.now() });
  }

  #reap(): void {
    const now = performance.now();
    const maxIdle = this.#options.maxIdle ?? DEFAULT_MAX_IDLE;
    let surplus = this.#idle.length - maxIdle;
    this.#idle = this.#idle.filter(({ child, since }) => {
      const idleFor = now - since;
      if (idleFor < this.#idleMs && (surplus <= 0 || idleFor < this.#surplusMs)) return true;
      surplus -= 1;
      child.kill(RETIRED);
      return false;
    });
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
