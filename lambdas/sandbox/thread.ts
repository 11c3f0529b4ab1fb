/** One thread that runs a transform, as the function's thread sees it. */
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import {
  SHARED,
  SHARED_BYTES,
  sharedClock,
  type Failure,
  type FromThread,
  type JobMessage,
  type ToThread,
} from './protocol.ts';
import type { Cause } from './verdict.ts';

export interface ThreadOptions {
  /** The shell's file. */
  readonly shell: URL;
  /** The user's module. */
  readonly module: URL;
  /** MB. */
  readonly memory: number;
  /** MB that the whole process may use; undefined: not known. */
  readonly processMemory: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that a thread may take to end when it is told to. Default: 500. */
  readonly endLimit?: number;
}

export interface ThreadEvents {
  readonly onMessages: (messages: FromThread) => void;
  /** It runs on although it was told to end; comes before `onEnd`. */
  readonly onAbandoned: () => void;
  /** After `onAbandoned`: it has ended at last. */
  readonly onGone: () => void;
  /** Called once. `failure`: what the thread itself said of its end. */
  readonly onEnd: (end: { readonly cause: Cause; readonly failure?: Failure }) => void;
}

/** A thread that has not ended by then is abandoned. A thread of code that fills the memory may add a GB in a second. Milliseconds. */
const END_LIMIT = 500;

/**
 * V8's own limit, MB: above the one that is kept by looking (`watch.ts`), since code that asks V8 for more than 16 MB at a time beyond
 * its limit ends the whole process; and low enough that a thread that fills its heap between two looks leaves the process some room.
 */
const heapLimit = (memory: number, processMemory = Infinity): number =>
  Math.max(memory, Math.min(2 * memory, processMemory / 2));

export const now = (): number => sharedClock(() => process.hrtime.bigint());

/** A message is only looked at by its type and its job's number, which is known here or is not. */
const isMessages = (value: unknown): value is FromThread => Array.isArray(value);

export class Thread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #memory: Int32Array;
  readonly #events: ThreadEvents;
  readonly #endLimit: number;
  #killedFor: Cause | undefined;
  #uncaught: Cause | undefined;
  #failure: Failure | undefined;
  #hasEnded = false;
  #hasExited = false;
  #isAbandoned = false;
  #limit: NodeJS.Timeout | undefined;
  #given = 0;
  #state: 'loading' | 'loaded' = 'loading';
  #secrets = '';

  constructor(
    { shell, module, memory, processMemory, env, endLimit = END_LIMIT }: ThreadOptions,
    events: ThreadEvents,
  ) {
    this.#events = events;
    this.#endLimit = endLimit;
    const shared = new SharedArrayBuffer(SHARED_BYTES);
    this.#memory = new Int32Array(shared);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(shell, {
      workerData: { port: port2, shared, module: module.href },
      transferList: [port2],
      env: { ...env },
      argv: [],
      execArgv: [],
      // Whatever gets past the shell's own streams goes nowhere: a raw line could be taken for a metric of ours.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: heapLimit(memory, processMemory) },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#port.on('message', (messages: unknown) => {
      if (isMessages(messages) && !this.#hasEnded) events.onMessages(messages);
    });
    this.#worker.on('error', (error: unknown) => {
      const { code, message } = error as { code?: unknown; message?: unknown };
      this.#uncaught = code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'uncaught';
      if (this.#uncaught === 'uncaught' && typeof message === 'string') this.#failure = { error: message };
    });
    this.#worker.on('exit', () => {
      this.#hasExited = true;
      clearTimeout(this.#limit);
      if (this.#isAbandoned) events.onGone();
      this.#end();
    });
  }

  /** Its slot's event in hand, from 1; 0: none. */
  inHand(slot: number): number {
    return Atomics.load(this.#memory, SHARED.event(slot));
  }

  /** The slot whose event's synchronous code runs, and since when. */
  get running(): { readonly slot: number; readonly since: number } | undefined {
    const slot = Atomics.load(this.#memory, SHARED.running) - 1;
    return slot < 0 ? undefined : { slot, since: Atomics.load(this.#memory, SHARED.runningSince) };
  }

  /** Grows while its event loop turns. */
  get beat(): number {
    return Atomics.load(this.#memory, SHARED.beat);
  }

  get killedFor(): Cause | undefined {
    return this.#killedFor;
  }

  get isEnding(): boolean {
    return this.#killedFor !== undefined || this.#hasEnded;
  }

  /** Events that it was ever given. */
  get given(): number {
    return this.#given;
  }

  get state(): 'loading' | 'loaded' {
    return this.#state;
  }

  load(secrets: Readonly<Record<string, string>>): void {
    this.#secrets = JSON.stringify(secrets);
    this.#post({ type: 'load', secrets });
  }

  /** It has said so. */
  loaded(): void {
    this.#state = 'loaded';
  }

  /** New values of the secrets, if they are. */
  give(secrets: Readonly<Record<string, string>>): void {
    const values = JSON.stringify(secrets);
    if (values === this.#secrets) return;
    this.#secrets = values;
    this.#post({ type: 'secrets', secrets });
  }

  run(jobs: readonly JobMessage[]): void {
    if (jobs.length === 0) return;
    for (const { events } of jobs) this.#given += events.length;
    this.#post({ type: 'run', jobs });
  }

  ping(): void {
    this.#post({ type: 'ping' });
  }

  /** Ends it. `onEnd` follows, when its last words have arrived. */
  kill(cause: Cause, failure?: Failure): void {
    if (this.isEnding) return;
    this.#killedFor = cause;
    this.#failure = failure;
    this.#terminate();
  }

  /** Ends it without a word: nothing of it is of interest any more. */
  discard(): void {
    this.#hasEnded = true;
    this.#port.close();
    this.#terminate();
  }

  #terminate(): void {
    if (this.#hasExited) return;
    void this.#worker.terminate();
    this.#limit ??= setTimeout(() => {
      this.#isAbandoned = true;
      this.#events.onAbandoned();
      this.#end();
    }, this.#endLimit);
  }

  #post(message: ToThread): void {
    this.#port.postMessage(message);
  }

  #end(): void {
    if (this.#hasEnded) return;
    // What it said before its end is there, and is read first.
    for (;;) {
      const last = receiveMessageOnPort(this.#port) as { readonly message: unknown } | undefined;
      if (last === undefined) break;
      if (isMessages(last.message)) this.#events.onMessages(last.message);
    }
    this.#hasEnded = true;
    this.#port.close();
    const cause = this.#killedFor ?? this.#uncaught ?? 'exit';
    this.#events.onEnd({ cause, ...(this.#failure === undefined ? {} : { failure: this.#failure }) });
  }
}
