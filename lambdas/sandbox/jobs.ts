/** The jobs of a sandbox: which wait, which a thread has, and which are suspected of having ended one. */
import type { CaughtCrash } from '../core/event/transform.ts';
import { Job } from './job.ts';
import { SLOTS, type JobMessage } from './protocol.ts';

export class Jobs {
  readonly #destination: string | undefined;
  readonly #running = new Map<number, Job>();
  #waiting: Job[] = [];
  #suspects: Job[] = [];
  #isTrial = false;

  /** @param destination its id; undefined in the router */
  constructor(destination: string | undefined) {
    this.#destination = destination;
  }

  get count(): number {
    return this.#running.size + this.#waiting.length + this.#suspects.length;
  }

  get haveWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get haveSuspects(): boolean {
    return this.#suspects.length > 0;
  }

  /** By slot. */
  get running(): ReadonlyMap<number, Job> {
    return this.#running;
  }

  /** A suspect's next event runs, and nothing else. */
  get isTrial(): boolean {
    return this.#isTrial;
  }

  /** Others are suspected as well, and are tried first if the event on trial takes long. */
  get mayDefer(): boolean {
    const [job] = this.#running.values();
    return this.#isTrial && this.#suspects.length > 0 && job?.isDeferred === false;
  }

  of(id: number | undefined): Job | undefined {
    for (const job of this.#running.values()) if (job.id === id) return job;
    return undefined;
  }

  wait(job: Job): void {
    this.#waiting.push(job);
  }

  suspect(job: Job): void {
    this.#suspects.push(job);
  }

  /** Those that wait, as many as a thread takes. */
  give(): readonly JobMessage[] {
    return this.#waiting.splice(0, SLOTS - this.#running.size).map((job) => this.#place(job, false));
  }

  /** The next event of the next suspect. */
  try(): JobMessage | undefined {
    const job = this.#suspects.shift();
    if (job === undefined) return undefined;
    this.#isTrial = true;
    return this.#place(job, true);
  }

  /** Its thread no longer has it. */
  release(job: Job): void {
    if (job.slot === undefined) return;
    this.#running.delete(job.slot);
    job.slot = undefined;
    this.#isTrial = false;
  }

  /** Takes those that no thread has. */
  takeIdle(which: (job: Job) => boolean = () => true): readonly Job[] {
    const idle = [...this.#waiting, ...this.#suspects].filter(which);
    this.#waiting = this.#waiting.filter((job) => !which(job));
    this.#suspects = this.#suspects.filter((job) => !which(job));
    return idle;
  }

  /** As far as they have come. @param crash of those that no thread has, if there is one */
  endAll(crash: CaughtCrash | undefined): void {
    for (const job of this.#running.values()) {
      this.release(job);
      job.end();
    }
    for (const job of this.takeIdle())
      if (crash === undefined) job.end();
      else job.crash(crash);
  }

  #place(job: Job, isTrial: boolean): JobMessage {
    let slot = 0;
    while (this.#running.has(slot)) slot += 1;
    this.#running.set(slot, job);
    return job.toMessage(slot, this.#destination, isTrial);
  }
}
