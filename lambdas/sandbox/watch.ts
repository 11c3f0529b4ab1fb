/**
 * Watches a thread whose answer is awaited: whether it loads, whether it is alive, whether an event takes too long, and whether the
 * process runs out of memory. A thread in an endless loop says nothing, so it is looked at from outside.
 */
import type { Job } from './job.ts';
import { now, type Thread } from './thread.ts';

/** Milliseconds between two looks: memory that is no part of the heap can grow by hundreds of megabytes in a tenth of a second. */
const TICK = 20;
/** A look that comes this late was held up together with everything else: a frozen process is no blocked thread. Milliseconds. */
const MAX_STEP = 200;
/** The part of the process's memory that may be used. */
const MEMORY_SHARE = 0.7;
/** MB by which a process grows outside its own heap for other reasons: a thread's own beginning, what is received and sent. */
const MEMORY_SLACK = 64;
/**
 * MB by which the process may grow however low the limit is. With Node 24, on a busy machine, it grew by up to 80 beside threads that keep
 * nothing, and now and then by more than 128.
 */
const LEAST_ROOM = 192;
const MB = 1_048_576;

/** Of this process, MB: all of it, and the heap of the function's own thread. Buffers of the transform are in no heap. */
const memoryInUse = (): { readonly all: number; readonly own: number } => {
  const { rss, heapTotal } = process.memoryUsage();
  return { all: rss / MB, own: heapTotal / MB };
};

export interface WatchLimits {
  readonly timeout: number;
  readonly loadTimeout: number;
  readonly memory: number;
  readonly processMemory: number | undefined;
}

export interface Watched {
  readonly thread: () => Thread | undefined;
  readonly jobs: () => ReadonlyMap<number, Job>;
  readonly isWaitedFor: () => boolean;
  /** A shorter limit for the event that runs alone, if others are to be tried first. */
  readonly trialLimit: () => number | undefined;
  /** The thread is alive, but a job's event does not settle. */
  readonly gaveUp: (job: Job) => void;
  /** @returns whether it is not, or not certainly, the thread's doing: then that is seen to */
  readonly isExcused: () => boolean;
  /** @param time of the shared clock */
  readonly passed: (time: number) => void;
}

export class Watch {
  readonly #limits: WatchLimits;
  readonly #watched: Watched;
  #timer: NodeJS.Timeout | undefined;
  #lastLook = 0;
  /** Milliseconds of waiting for the module to load, and for a sign of life. */
  #loading = 0;
  #silent = 0;
  #beat = 0;
  #pings = 0;
  #before = { all: 0, own: 0 };
  /** The largest heap of the function's own thread since then, MB: what is collected leaves the heap before it leaves the process. */
  #ownPeak = 0;

  constructor(limits: WatchLimits, watched: Watched) {
    this.#limits = limits;
    this.#watched = watched;
  }

  threadStarted(): void {
    this.#loading = 0;
    this.#silent = 0;
    this.#beat = 0;
    this.#pings = 0;
    this.#before = memoryInUse();
    this.#ownPeak = this.#before.own;
  }

  sawLife(): void {
    this.#silent = 0;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastLook = now();
    this.#silent = 0;
    this.#timer = setInterval(() => this.#look(), TICK);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (!this.#watched.isWaitedFor()) {
      this.stop();
      return;
    }
    const time = now();
    const step = Math.min(time - this.#lastLook, MAX_STEP);
    this.#lastLook = time;
    this.#watched.passed(time);
    const thread = this.#watched.thread();
    if (thread === undefined || thread.isEnding) return;
    if (this.#lookAtMemory(thread)) return;
    if (thread.state === 'loading') this.#lookAtLoad(thread, step);
    else this.#lookAtEvents(thread, time, step);
  }

  #lookAtLoad(thread: Thread, step: number): void {
    this.#loading += step;
    const { loadTimeout } = this.#limits;
    if (this.#loading < loadTimeout || this.#watched.isExcused()) return;
    thread.kill('blocked', { error: `the module had not loaded after ${loadTimeout / 1_000} seconds` });
  }

  /** What the process has grown by since the thread began. @returns whether it was too much */
  #lookAtMemory(thread: Thread): boolean {
    const { memory, processMemory = Infinity } = this.#limits;
    const { all, own } = memoryInUse();
    this.#ownPeak = Math.max(this.#ownPeak, own);
    const growth = all - this.#before.all;
    const isFull = all > processMemory * MEMORY_SHARE && growth > memory / 2;
    const room = Math.max(memory + MEMORY_SLACK, LEAST_ROOM);
    if (!isFull && growth - (this.#ownPeak - this.#before.own) < room) return false;
    if (!this.#watched.isExcused()) thread.kill('memory');
    return true;
  }

  #lookAtEvents(thread: Thread, time: number, step: number): void {
    const { timeout } = this.#limits;
    const { beat } = thread;
    const isAlive = beat !== this.#beat;
    this.#beat = beat;
    this.#silent = isAlive ? 0 : this.#silent + step;
    // One at a time: they would pile up in front of a thread that is blocked.
    if (beat === this.#pings) {
      this.#pings += 1;
      thread.ping();
    }
    const { running } = thread;
    if (running !== undefined && time - running.since >= timeout && this.#silent > 0) {
      thread.kill('blocked');
      return;
    }
    if (this.#silent >= (this.#watched.trialLimit() ?? (running === undefined ? timeout : Infinity))) {
      thread.kill('blocked');
      return;
    }
    for (const [slot, job] of this.#watched.jobs()) {
      const event = thread.inHand(slot);
      if (event > 0 && job.awakeFor(event, isAlive ? step : 0) >= timeout) this.#watched.gaveUp(job);
    }
  }
}
