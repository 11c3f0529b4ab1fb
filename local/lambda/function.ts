/** What a function is given, and what an invocation comes to. */
import type { ConcurrencyLimit } from './concurrency.ts';
import type { FunctionError } from './protocol.ts';

export interface LambdaFunctionOptions {
  readonly name: string;
  readonly arn: string;
  /** The directory of the function's bundle. */
  readonly codeDir: string;
  /** `index.handler`: the export `handler` of `index.mjs`. */
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** All of it: PATH and what Lambda itself sets is added, nothing else. */
  readonly environment: Readonly<Record<string, string>>;
  /** Taken out of the account's: the function has this many of its own and no others. 0 refuses every invocation. */
  readonly reservedConcurrency?: number;
  /** The account's, shared by its functions. Default: 100 for this function alone. */
  readonly concurrency?: ConcurrencyLimit;
  /** The file made by `buildRuntime`. */
  readonly runtime: string;
  /** Its processes get the processor that others leave: for what works off a queue, which must not keep those waiting who fill it. */
  readonly yields?: boolean;
  /** Where running processes are recorded; give the same one to `killLeftovers` at the next start. */
  readonly childrenDir: string;
  /**
   * Where each environment gets the directory that stands for `/tmp`: an absolute path, created when absent. Give the
   * same one to `clearTmp` at the next start.
   */
  readonly tmpDir: string;
  /** Takes each line of the function's output, and a REPORT line for each invocation. */
  readonly logger: (line: string) => void;
  /** Idle processes to keep. Default: 4. */
  readonly maxIdle?: number;
  /** How long one may idle. Default: 5 minutes. */
  readonly idleMs?: number;
  /** How long one more than that may idle, so that a short gap in the traffic costs no new starts. Default: 10 seconds. */
  readonly surplusIdleMs?: number;
  /** How long the code may take to load. Default: 10 seconds, as Lambda's. */
  readonly initTimeoutMs?: number;
}

export type InvokeResult =
  | { readonly kind: 'payload'; readonly payload: unknown }
  | { readonly kind: 'error'; readonly error: FunctionError }
  /** It was not started. The reasons are those of Lambda's TooManyRequestsException. */
  | {
      readonly kind: 'throttled';
      readonly reason:
        'ReservedFunctionConcurrentInvocationLimitExceeded' | 'ConcurrentInvocationLimitExceeded';
    };

export interface InvokeOptions {
  /**
   * Kills the invocation's process. It is for shutting down: on AWS a caller that hangs up does not stop a function.
   */
  readonly signal?: AbortSignal;
  /** The alias by which it is invoked. Default: the function itself. */
  readonly qualifier?: string;
}
