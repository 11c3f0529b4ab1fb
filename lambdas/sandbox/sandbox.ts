/**
 * Runs a stage's transform in a thread of its own, and finds out whose fault it is when that thread ends.
 *
 * - A job is the events of one message. Jobs run in parallel, the events of a job one after another.
 * - An event that throws is a crash of that event. One that ends the thread, blocks it, or uses up its memory is convicted on evidence
 *   (`judge.ts`, `verdict.ts`). If there is none, whatever was in hand is suspect: each runs again, alone in a new thread.
 *   All others continue in the thread's successor.
 * - Whatever a caller waits for has a limit, measured while it waits (`watch.ts`).
 * - A thread that does not end is abandoned. If it fills the memory, the process is spent: its jobs end with `no time` (`abandoned.ts`).
 */
import type { CaughtCrash, TransformJob, TransformRun, Transforms } from '../core/event/transform.ts';
import { Abandoned } from './abandoned.ts';
import { failureOf, lateOf } from './failures.ts';
import { Job } from './job.ts';
import { Jobs } from './jobs.ts';
import { Judge } from './judge.ts';
import type { SandboxOptions } from './options.ts';
import type { Failure, FromThread } from './protocol.ts';
import { now, Thread } from './thread.ts';
import type { Cause } from './verdict.ts';
import { Watch } from './watch.ts';

/** An event on trial that takes longer than this part of the limit is set aside until other suspects have been tried. */
const FIRST_TRIAL = 0.2;

export class Sandbox implements Transforms {
  readonly timeout: number;
  readonly #options: SandboxOptions;
  readonly #jobs: Jobs;
  readonly #watch: Watch;
  readonly #judge: Judge;
  readonly #abandoned = new Abandoned();
  #thread: Thread | undefined;
  /** An event was given up in it that may still be running: it gets no further ones. */
  #isRetired = false;
  #exitedBy: number | 'none' | undefined;
  #secrets: Readonly<Record<string, string>> = {};
  #checks: ((crash: CaughtCrash | undefined) => void)[] = [];
  #isScheduled = false;
  #ids = 0;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.timeout = options.timeout;
    this.#jobs = new Jobs(options.destination);
    this.#judge = new Judge(this.#jobs, options);
    this.#watch = new Watch(options, {
      thread: () => this.#thread,
      jobs: () => this.#jobs.running,
      isWaitedFor: () => this.#isWaitedFor,
      trialLimit: () => (this.#jobs.mayDefer ? options.timeout * FIRST_TRIAL : undefined),
      gaveUp: (job) => this.#giveUp(job),
      isExcused: () => this.#excuse(),
      passed: (time) => {
        for (const job of this.#jobs.takeIdle(({ until }) => until < time)) job.end();
      },
    });
  }

  /** A thread of it runs on: the process should end when its work is done. */
  get hasAbandoned(): boolean {
    return this.#abandoned.any;
  }

  /** Nothing is begun any more: see `Abandoned`. */
  get isSpent(): boolean {
    return this.#abandoned.isSpent;
  }

  /** Starts to load the code, so that the first message does not wait for it. */
  start(): void {
    this.#options.secrets().then(
      (secrets) => {
        this.#secrets = secrets;
        if (this.#thread === undefined) this.#startThread();
      },
      // The first job asks for them again, and gets the reason why that fails.
      () => undefined,
    );
  }

  async run(request: TransformJob): Promise<TransformRun> {
    if (request.events.length === 0) return { made: [] };
    const until = now() + request.time;
    await this.#readSecrets();
    return new Promise((resolve) => {
      this.#ids += 1;
      this.#jobs.wait(new Job(this.#ids, request, until, resolve));
      if (this.isSpent) this.#stop();
      else this.#schedule();
    });
  }

  async check(): Promise<CaughtCrash | undefined> {
    await this.#readSecrets();
    if (this.isSpent) return this.#abandoned.loadCrash;
    if (this.#thread?.state === 'loaded' && !this.#thread.isEnding) return undefined;
    return new Promise((resolve) => {
      this.#checks.push(resolve);
      this.#schedule();
    });
  }

  /** Ends the thread. What waits is not answered. */
  close(): void {
    this.#watch.stop();
    this.#thread?.discard();
    this.#thread = undefined;
  }

  async #readSecrets(): Promise<void> {
    this.#secrets = await this.#options.secrets();
    this.#thread?.give(this.#secrets);
  }

  get #isWaitedFor(): boolean {
    return this.#jobs.count + this.#checks.length > 0;
  }

  /** When all that begins in this turn has come: the messages of a batch go as one. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#proceed();
    });
  }

  #startThread(): void {
    if (this.isSpent) return;
    this.#thread?.discard();
    const thread = new Thread(this.#options, {
      onMessages: (messages) => {
        for (const message of messages) this.#take(message);
        this.#proceed();
      },
      onAbandoned: () => {
        this.#abandoned.add(thread);
        this.#options.onAbandoned();
      },
      onGone: () => this.#abandoned.gone(thread),
      onEnd: ({ cause, failure }) => this.#ended(thread, cause, failure),
    });
    this.#thread = thread;
    this.#isRetired = false;
    this.#exitedBy = undefined;
    thread.load(this.#secrets);
    this.#watch.threadStarted();
  }

  /** Does what can be done now. */
  #proceed(): void {
    if (this.isSpent) {
      this.#stop();
      return;
    }
    const thread = this.#thread;
    if (!this.#isWaitedFor) {
      // The successor is there when the next message comes.
      if (this.#isRetired) this.#startThread();
      return;
    }
    this.#watch.start();
    if (thread === undefined) {
      this.#startThread();
    } else if (!thread.isEnding && thread.state === 'loaded') {
      this.#answerChecks(undefined);
      if (this.#jobs.haveWaiting) this.#give(thread);
      else if (this.#jobs.haveSuspects && this.#jobs.running.size === 0) this.#try(thread);
    }
  }

  #give(thread: Thread): void {
    if (this.#jobs.isTrial) return;
    if (!this.#isRetired) thread.run(this.#jobs.give());
    else if (this.#jobs.running.size === 0) this.#startThread();
  }

  /** In a thread in which nothing else has ever run, so that whatever ends it is this event's doing. */
  #try(thread: Thread): void {
    if (thread.given > 0 || this.#isRetired) {
      this.#startThread();
      return;
    }
    const message = this.#jobs.try();
    if (message !== undefined) thread.run([message]);
  }

  #take(message: FromThread[number]): void {
    switch (message.type) {
      case 'loaded':
        this.#thread?.loaded();
        break;
      case 'not loaded':
        this.#notLoaded(message.failure);
        break;
      case 'made': {
        this.#watch.sawLife();
        const job = this.#jobs.of(message.job);
        if (job?.take(message.outputs) === false)
          this.#judge.crashed(job, 'throw', { error: 'the transform made something that is no event' });
        break;
      }
      case 'ended': {
        const job = this.#jobs.of(message.job);
        if (job === undefined) break;
        if (message.failure === undefined) this.#judge.ended(job);
        else this.#judge.crashed(job, 'throw', message.failure);
        break;
      }
      case 'late':
        this.#options.onLate(lateOf(message));
        break;
      case 'exit':
        this.#exitedBy = message.job ?? 'none';
        if (message.job === undefined && this.#thread?.state === 'loaded')
          this.#options.onLate(lateOf(message));
        this.#thread?.kill('exit', message.failure);
        break;
      case 'log':
        this.#options.onLog(message);
        break;
    }
  }

  /** Its promise does not settle, and the thread is alive: the others finish there, and the thread is replaced after them. */
  #giveUp(job: Job): void {
    this.#isRetired = true;
    this.#judge.crashed(job, 'timeout', failureOf('blocked', this.#options));
    this.#proceed();
  }

  #notLoaded(failure: Failure): void {
    this.#thread?.discard();
    this.#thread = undefined;
    const crash: CaughtCrash = { kind: 'load', ...failure };
    if (this.isSpent) this.#abandoned.loadCrash = crash;
    for (const job of this.#jobs.takeIdle()) job.crash(crash);
    this.#answerChecks(crash);
  }

  #answerChecks(crash: CaughtCrash | undefined): void {
    const checks = this.#checks;
    this.#checks = [];
    for (const answer of checks) answer(crash);
  }

  /** Beside an abandoned thread, memory and time are not one thread's. */
  #excuse(): boolean {
    if (!this.#abandoned.any) return false;
    this.#abandoned.memoryIsFull();
    this.#stop();
    return true;
  }

  /** The process is spent. Whatever is not convicted is given back. */
  #stop(): void {
    this.#thread?.discard();
    this.#thread = undefined;
    this.#jobs.endAll(this.#abandoned.loadCrash);
    this.#answerChecks(this.#abandoned.loadCrash);
  }

  #ended(thread: Thread, cause: Cause, failure = failureOf(cause, this.#options)): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    if (thread.state === 'loaded')
      this.#judge.threadEnded(thread, cause, failure, {
        exitedBy: this.#exitedBy,
        isLast: this.isSpent,
      });
    else this.#notLoaded(failure);
    if (this.#isWaitedFor) this.#proceed();
    else if (thread.state === 'loaded') this.#startThread();
  }
}
