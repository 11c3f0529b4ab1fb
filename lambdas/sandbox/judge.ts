/** What becomes of jobs when they end or crash, or when the thread ends that had them. `verdict.ts` says whose fault that is. */
import type { CaughtCrash } from '../core/event/transform.ts';
import { KINDS } from './failures.ts';
import type { Job } from './job.ts';
import type { Jobs } from './jobs.ts';
import type { SandboxOptions } from './options.ts';
import type { Failure } from './protocol.ts';
import type { Thread } from './thread.ts';
import { Unsolved } from './unsolved.ts';
import { verdictOn, type Cause, type Scene } from './verdict.ts';

/** A job under which this many threads have ended without an explanation is tried alone. */
const MAX_UNEXPLAINED = 3;

export class Judge {
  readonly #jobs: Jobs;
  readonly #onLeak: SandboxOptions['onLeak'];
  readonly #unsolved: Unsolved;

  constructor(jobs: Jobs, { onLate, onLeak }: Pick<SandboxOptions, 'onLate' | 'onLeak'>) {
    this.#jobs = jobs;
    this.#onLeak = onLeak;
    this.#unsolved = new Unsolved(onLate);
  }

  /** The thread has done with the job. */
  ended(job: Job): void {
    const isAcquitted = this.#jobs.isTrial && job.hasAdvanced;
    if (job.hasAdvanced) this.#unsolved.tried(job.id, false);
    this.#jobs.release(job);
    // The rest of its events run together with those of other jobs.
    if (isAcquitted && !job.isDone) this.#jobs.wait(job);
    else job.end();
  }

  crashed(job: Job, kind: CaughtCrash['kind'], { error, stack }: Failure, eventId = job.eventId): void {
    this.#unsolved.tried(job.id, true);
    this.#jobs.release(job);
    job.crash({ kind, error, ...(stack === undefined ? {} : { stack }), eventId });
  }

  threadEnded(
    thread: Thread,
    cause: Cause,
    failure: Failure,
    { exitedBy, isLast }: Pick<Scene, 'exitedBy' | 'isLast'>,
  ): void {
    const jobs = [...this.#jobs.running.values()];
    const { isTrial } = this.#jobs;
    const isSetAside = cause === 'blocked' && this.#jobs.mayDefer;
    const inHand = jobs.filter(({ slot }) => slot !== undefined && thread.inHand(slot) > 0);
    const verdict = verdictOn({
      cause,
      inHand: inHand.map(({ id }) => id),
      // It has not had its whole time.
      running: isSetAside ? undefined : jobs.find(({ slot }) => slot === thread.running?.slot)?.id,
      exitedBy,
      isTrial: isTrial && !isSetAside,
      isLast,
    });
    if (cause === 'memory' && !isTrial && thread.given > 1) this.#onLeak(thread.given);
    else if (!isTrial && !isLast && verdict.suspects.length > 0)
      this.#unsolved.open(failure, verdict.suspects);
    const isUnexplained = verdict.guilty === undefined && verdict.suspects.length === 0;
    for (const job of jobs) {
      const eventId = job.eventIdOf(job.slot === undefined ? 0 : thread.inHand(job.slot));
      this.#jobs.release(job);
      if (isSetAside) job.isDeferred = true;
      else if (isUnexplained && inHand.includes(job)) job.unexplainedEnds += 1;
      const isDoubtful = job.unexplainedEnds >= MAX_UNEXPLAINED;
      if (job.id === verdict.guilty || (isTrial && isDoubtful))
        this.crashed(job, KINDS[cause], failure, eventId);
      else if (isDoubtful || verdict.suspects.includes(job.id)) this.#jobs.suspect(job);
      else this.#jobs.wait(job);
    }
  }
}
