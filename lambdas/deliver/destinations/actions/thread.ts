/**
 * The destination's thread, as the function sees it. When it ends while one user's events are in it, that is their doing, and they are
 * charged. When several users' are, nobody knows whose: all of them are tried again, and for a while this process tries one user at a time.
 */
import { Worker } from 'node:worker_threads';
import type { Account, Answer, Result, Threw, ThreadData } from './protocol.ts';

export interface ThreadOptions extends ThreadData {
  readonly program: URL;
  /** MB of its heap. */
  readonly memory: number;
  /** Milliseconds beyond a call's own time after which it is taken for blocked. */
  readonly grace: number;
  readonly now: () => number;
}

/** The destination's code ended its thread, or failed where no answer of a receiver was the cause. */
export class DestinationCrash extends Error {
  constructor({ name, message, stack }: Threw) {
    super(message);
    this.name = name;
    if (stack !== '') this.stack = stack;
  }
}

/** Milliseconds for which one user at a time is tried, after a thread ended with several users' events in it. */
const CAREFUL_FOR = 5 * 60_000;
/** Milliseconds in which the destination's module must have loaded. */
const LOAD_LIMIT = 15_000;

interface Waiting {
  readonly resolve: (results: readonly Result[] | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Running {
  readonly worker: Worker;
  readonly loaded: Promise<void>;
  readonly waiting: Map<number, Waiting>;
  /** Why it is being ended. */
  cause?: string;
}

const crash = (message: string): DestinationCrash =>
  new DestinationCrash({ kind: 'threw', name: 'Error', message, stack: '' });

export class DestinationThread {
  readonly #options: ThreadOptions;
  #running: Running | undefined;
  #ids = 0;
  #carefulUntil = -Infinity;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Starts to load the destination, so that the first event does not wait for it. */
  async start(env: Readonly<Record<string, string>>): Promise<void> {
    // Why it does not load the first event says.
    await this.#thread(env).loaded.catch(() => undefined);
  }

  /**
   * @param events JSON of a list of one user's events
   * @param mayBegin asked when it is its turn
   * @returns undefined: there was no time, or nobody knows whose events ended the thread
   * @throws DestinationCrash of these events
   */
  async run(
    events: string,
    account: Account,
    mayBegin: () => boolean,
  ): Promise<readonly Result[] | undefined> {
    const one = async (): Promise<readonly Result[] | undefined> => {
      const thread = this.#thread(account.env);
      await thread.loaded;
      return mayBegin() ? this.#ask(thread, events, account) : undefined;
    };
    if (this.#options.now() >= this.#carefulUntil) return one();
    const turn = this.#turn.then(one);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#running?.worker.terminate();
  }

  #ask(thread: Running, events: string, account: Account): Promise<readonly Result[] | undefined> {
    const { timeout, grace } = this.#options;
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(thread, `the destination's code did not return within ${(timeout + grace) / 1000} s`);
      }, timeout + grace);
      thread.waiting.set(id, { resolve, reject, timer });
      thread.worker.postMessage({ id, account, events });
    });
  }

  #thread(env: Readonly<Record<string, string>>): Running {
    if (this.#running !== undefined) return this.#running;
    const { program, memory, module, networks, timeout, origin } = this.#options;
    const worker = new Worker(program, {
      workerData: { module, networks, timeout, origin } satisfies ThreadData,
      env: { NODE_ENV: 'production', ...env },
      argv: [],
      // What it prints goes nowhere: it may be an event's content, and a raw line could be taken for a metric.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memory },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const waiting = new Map<number, Waiting>();
    let answerLoad: (error?: Error) => void = () => undefined;
    const loaded = new Promise<void>((resolve, reject) => {
      answerLoad = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    const running: Running = { worker, loaded, waiting };
    this.#running = running;
    const limit = setTimeout(() => {
      this.#end(running, `the destination did not load within ${LOAD_LIMIT / 1000} s`);
    }, LOAD_LIMIT);
    worker.on('message', (message: Answer) => {
      if (message.kind === 'done') {
        const one = waiting.get(message.id);
        waiting.delete(message.id);
        clearTimeout(one?.timer);
        one?.resolve(message.results);
        return;
      }
      clearTimeout(limit);
      if (message.kind === 'loaded') answerLoad();
      else answerLoad(new DestinationCrash(message.error));
    });
    worker.on('error', (error: unknown) => {
      const { code, message } = error as { code?: unknown; message?: unknown };
      const text = typeof message === 'string' ? message : 'unknown';
      running.cause ??=
        code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `the destination's code used more than ${memory} MB`
          : `the destination's code ended its thread: ${text}`;
    });
    worker.on('exit', () => {
      clearTimeout(limit);
      const error = crash(running.cause ?? "the destination's code ended its thread");
      answerLoad(error);
      this.#ended(running, error);
    });
    return running;
  }

  /** It gets no further events: what comes meanwhile is not to be suspected. */
  #end(thread: Running, cause: string): void {
    thread.cause ??= cause;
    if (this.#running === thread) this.#running = undefined;
    void thread.worker.terminate();
  }

  #ended(thread: Running, error: DestinationCrash): void {
    if (this.#running === thread) this.#running = undefined;
    const isKnown = thread.waiting.size === 1;
    if (thread.waiting.size > 1) this.#carefulUntil = this.#options.now() + CAREFUL_FOR;
    for (const { resolve, reject, timer } of thread.waiting.values()) {
      clearTimeout(timer);
      if (isKnown) reject(error);
      else resolve(undefined);
    }
  }
}
