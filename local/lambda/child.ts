/** One process of a function: a warm execution environment, in Lambda's words. */
import { type ChildProcess, fork } from 'node:child_process';
import { environmentOf, yieldProcessor } from './child-process.ts';
import type { ChildRecord } from './children.ts';
import { exitError, outOfMemory, timedOut } from './faults.ts';
import { splitLines } from './lines.ts';
import { residentMemory } from './memory.ts';
import type { FromChild, FunctionError, InvokeMessage, ToChild } from './protocol.ts';

/** How often a busy process's memory is read. */
const MEMORY_POLL_MS = 50;

/** How long the log of a process that has ended may still arrive: what it started may hold its pipes open. */
const LOG_GRACE_MS = 250;

/**
 * How long after its answer a process is frozen, if it is not invoked again by then. Under load it is invoked within a few milliseconds, and a
 * pair of signals for each invocation would cost more than the invocation itself.
 */
const FREEZE_AFTER_MS = 50;

export interface ChildOptions {
  readonly name: string;
  readonly codeDir: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** The file made by `buildRuntime`. */
  readonly runtime: string;
  /** It gets the processor that other processes leave. */
  readonly yields: boolean;
  readonly record: ChildRecord;
  /** The environment's `/tmp`: an absolute path of a directory that exists. */
  readonly tmpDir: string;
  readonly logger: (line: string) => void;
}

/** What a process has come to: it is ready, it answered, or it ended, and why. `rss` is in bytes. */
export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'payload'; readonly payload: string; readonly rss: number }
  | { readonly type: 'error'; readonly error: FunctionError; readonly rss: number }
  | { readonly type: 'ended'; readonly error: FunctionError };

/** One invocation, its time left out. */
export type Call = Omit<InvokeMessage, 'type' | 'deadline'>;

const MB = 1_048_576;

export class Child {
  readonly #options: ChildOptions;
  readonly #process: ChildProcess;
  #requestId = '';
  #waiting: ((answer: Answer) => void) | undefined;
  /** Why the process ended or is about to. The first reason is the true one. */
  #reason: FunctionError | undefined;
  #frozen = false;
  #freezing: NodeJS.Timeout | undefined;
  #peak = 0;
  /** Resolves when the process is gone and its log is complete, with why it ended. */
  readonly ended: Promise<FunctionError>;
  #hasExited = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    const token = options.record.newToken();
    this.#process = fork(options.runtime, [token, options.name], {
      cwd: options.codeDir,
      env: environmentOf(options),
      // Given in any case: what this process runs with (a TypeScript loader) must not be inherited. No heap limit, which
      // would take the place of those that the function gives its own threads.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Strings of megabytes travel as they are; JSON would escape and parse them again.
      serialization: 'advanced',
    });
    const { pid, stdout, stderr } = this.#process;
    this.ended = new Promise((resolve) => this.#watchEnd(resolve));
    if (pid !== undefined) {
      this.#recordAs(pid, token);
      if (options.yields) yieldProcessor(pid);
    }
    if (stdout !== null) splitLines(stdout, options.logger);
    if (stderr !== null) splitLines(stderr, options.logger);
    this.#process.on('message', (message) => this.#onMessage(message as FromChild));
  }

  /** Whether it can serve another invocation. */
  get isUsable(): boolean {
    return !this.#hasExited && this.#reason === undefined;
  }

  /** The most memory seen during the last invocation, in bytes; 0 when it is not known. */
  get peakMemory(): number {
    return this.#peak;
  }

  /** Loads the code, for an invocation that waits for it. @param limitMs after which the process is killed */
  start(requestId: string, limitMs: number): Promise<Answer> {
    this.#requestId = requestId;
    const { codeDir, handler, name, memoryMb } = this.#options;
    const answer = this.#wait(limitMs);
    this.#send({ type: 'init', codeDir, handler, functionName: name, memoryMb });
    return answer;
  }

  /** Serves one invocation. @param timeoutMs after which the process is killed */
  invoke({ requestId, ...call }: Call, timeoutMs: number): Promise<Answer> {
    this.#requestId = requestId;
    this.#peak = 0;
    this.#thaw();
    const answer = this.#wait(timeoutMs);
    this.#send({ type: 'invoke', requestId, ...call, deadline: Date.now() + timeoutMs });
    return answer;
  }

  /**
   * Stops the process's clockwork soon, and until its next invocation: no timer runs, nothing is sent. Lambda does that immediately after
   * the answer.
   */
  freeze(): void {
    if (process.platform === 'win32' || this.#hasExited) return;
    this.#freezing = setTimeout(() => {
      if (!this.#hasExited) this.#frozen = this.#process.kill('SIGSTOP');
    }, FREEZE_AFTER_MS);
  }

  /** Ends the process immediately, frozen or not. @param error what the invocation in it, if any, is answered */
  kill(error: FunctionError): void {
    if (this.#hasExited) return;
    this.#reason ??= error;
    this.#process.kill('SIGKILL');
  }

  #recordAs(pid: number, token: string): void {
    try {
      this.#options.record.add(pid, token);
    } catch (error) {
      // What is not on record could outlive this run.
      this.#process.kill('SIGKILL');
      throw error;
    }
  }

  #thaw(): void {
    clearTimeout(this.#freezing);
    if (this.#frozen) this.#process.kill('SIGCONT');
    this.#frozen = false;
  }

  #send(message: ToChild): void {
    // A failure means that the process is ending, which is answered when it has ended.
    this.#process.send(message, () => undefined);
  }

  #wait(limitMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#hasExited) {
        resolve({ type: 'ended', error: this.#reason ?? exitError(this.#requestId, null, null) });
        return;
      }
      const timeout = setTimeout(() => {
        // When this process itself was held up, the answer may have come in time and lie unread: it is read first.
        setImmediate(() => {
          if (this.#waiting === settle) this.kill(timedOut(this.#requestId, limitMs));
        });
      }, limitMs);
      const memory = setInterval(() => this.#checkMemory(), MEMORY_POLL_MS);
      const settle = (answer: Answer): void => {
        this.#waiting = undefined;
        clearTimeout(timeout);
        clearInterval(memory);
        resolve(answer);
      };
      this.#waiting = settle;
    });
  }

  #checkMemory(): void {
    const used = residentMemory(this.#process.pid ?? 0);
    this.#peak = Math.max(this.#peak, used);
    if (used > this.#options.memoryMb * MB) this.kill(outOfMemory(this.#requestId, this.#options.memoryMb));
  }

  #onMessage(message: FromChild): void {
    // An answer after a fatal error, or on the way when the process was killed, came too late.
    if (this.#reason !== undefined) return;
    if (message.type === 'fatal') {
      this.#reason = message.error;
      // It was on its way out when it was frozen: nobody waits for it, and it cannot end on its own.
      if (this.#waiting === undefined) this.#process.kill('SIGKILL');
      return;
    }
    if (message.type === 'ready') {
      this.#waiting?.({ type: 'ready' });
      return;
    }
    if (message.requestId !== this.#requestId) return;
    this.#peak = Math.max(this.#peak, message.rss);
    // The log comes by other pipes. What was written before the answer has been read when the loop has turned once.
    setImmediate(() => {
      if (this.#reason !== undefined || this.#waiting === undefined) return;
      const { rss } = message;
      if (process.platform === 'linux' && rss > this.#options.memoryMb * MB) {
        this.kill(outOfMemory(this.#requestId, this.#options.memoryMb));
      } else if (message.type === 'result') {
        this.#waiting({ type: 'payload', payload: message.payload, rss });
      } else {
        this.#waiting({ type: 'error', error: message.error, rss });
      }
    });
  }

  #watchEnd(resolve: (why: FunctionError) => void): void {
    let done = false;
    const finish = (error: FunctionError): void => {
      if (done) return;
      done = true;
      const { pid } = this.#process;
      if (pid !== undefined) this.#options.record.remove(pid);
      this.#waiting?.({ type: 'ended', error });
      resolve(error);
    };
    this.#process.on('exit', (code, signal) => {
      this.#hasExited = true;
      clearTimeout(this.#freezing);
      const error = (this.#reason ??= exitError(this.#requestId, code, signal));
      const grace = setTimeout(() => finish(error), LOG_GRACE_MS);
      this.#process.on('close', () => {
        clearTimeout(grace);
        finish(error);
      });
    });
    this.#process.on('error', (error) => {
      // Emitted as well for a signal or a message that failed; only a process that never was has no other event.
      if (this.#process.pid !== undefined) return;
      this.#hasExited = true;
      finish(
        (this.#reason ??= {
          errorType: 'Sandbox.StartFailed',
          errorMessage: `Cannot start a process for ${this.#options.name} in ${this.#options.codeDir}: ${error.message}`,
        }),
      );
    });
  }
}
