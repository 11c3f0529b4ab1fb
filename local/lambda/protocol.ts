/** What the pool and a function's process say to each other, over Node's IPC channel. */

/** An error as Lambda reports it to the caller of a function. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

/** Sent once, first: what the process is to be. */
export interface InitMessage {
  readonly type: 'init';
  readonly codeDir: string;
  /** `<file without its ending>.<export>` */
  readonly handler: string;
  readonly functionName: string;
  readonly memoryMb: number;
}

export interface InvokeMessage {
  readonly type: 'invoke';
  readonly requestId: string;
  /** The function's, or that of an alias. */
  readonly invokedArn: string;
  /** JSON. Text rather than a value, so that a function sees exactly what Lambda would give it. */
  readonly event: string;
  /** When the function's time is over; milliseconds since 1970. */
  readonly deadline: number;
}

export type ToChild = InitMessage | InvokeMessage;

export type FromChild =
  | { readonly type: 'ready' }
  /** `rss` is in bytes, at the end of the invocation. */
  | { readonly type: 'result'; readonly requestId: string; readonly payload: string; readonly rss: number }
  | {
      readonly type: 'error';
      readonly requestId: string;
      readonly error: FunctionError;
      readonly rss: number;
    }
  /** The process is about to end: its code could not be loaded, or threw where nobody could catch it. */
  | { readonly type: 'fatal'; readonly error: FunctionError };
