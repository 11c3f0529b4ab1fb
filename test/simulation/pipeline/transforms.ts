/**
 * The user's code in its sandbox, in virtual time: what `lambdas/sandbox` promises for each way in which code can fail. Jobs run in
 * parallel in one thread of the process. When the thread ends, the events that other jobs have in hand run again.
 */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { toEvents } from '../../../lambdas/core/event/outputs.ts';
import type {
  CaughtCrash,
  TransformJob,
  TransformRun,
  Transforms,
} from '../../../lambdas/core/event/transform.ts';
import { toOutputs } from '../../../lambdas/sandbox/outputs.ts';
import type { Host } from '../environment.ts';
import { crashingOf, crashOf, loadCrash, plannedOf, returned, type Code, type Planned } from './code.ts';
import { TRANSFORM_TIMEOUT } from './config.ts';
import type { Crashing, StageId } from './plan.ts';

/** Milliseconds in which most events are done; one in two takes practically no time. */
const USUAL = 200;
/** Late failures happen within this many milliseconds of the process's own time. */
const LATEST = 20_000;
/** Milliseconds until a runaway is known for one, and within which it then fills the process's memory. */
const SEEN_AFTER = 700;
const FILLS_WITHIN = 5_000;

export interface CodeOptions {
  readonly random: () => number;
  readonly now: () => number;
  /** An event begins. */
  readonly begun: (stage: StageId, messageId: string, host: Host) => void;
  /** A thread fills the memory, and does not end. */
  readonly abandoned: (host: Host) => void;
  /** An attempt at an event has ended well. */
  readonly made: (stage: StageId, event: SluiceEvent, outputs: readonly SluiceEvent[]) => void;
  /** For the totals. */
  readonly count: (what: string) => void;
}

type Attempt =
  | { readonly outputs: readonly SluiceEvent[] }
  | { readonly crash: CaughtCrash }
  /** The thread ended under it. */
  | 'again';

/** The threads of a process, one after another. */
export class Thread {
  readonly #stage: StageId;
  readonly #code: Code;
  readonly #host: Host;
  readonly #options: CodeOptions;
  /** Incremented when the thread ends. */
  #generation = 0;
  #blockedUntil = 0;
  #isSpent = false;
  #late = 0;
  #lateEver = 0;

  constructor(stage: StageId, code: Code, host: Host, options: CodeOptions) {
    this.#stage = stage;
    this.#code = code;
    this.#host = host;
    this.#options = options;
  }

  /** Number of late failures, after their event was answered, since the process started. */
  get late(): number {
    return this.#lateEver;
  }

  /** @returns the number of late failures since the last call */
  takeLate(): number {
    const late = this.#late;
    this.#late = 0;
    return late;
  }

  /** See `lambdas/sandbox/abandoned.ts`. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  get transforms(): Transforms {
    return {
      timeout: TRANSFORM_TIMEOUT,
      run: (job) => this.#run(job),
      check: () => Promise.resolve(this.#code.starts === 'throws' ? loadCrash(this.#code) : undefined),
    };
  }

  async #run({ events, time }: TransformJob): Promise<TransformRun> {
    const { now, count } = this.#options;
    if (events.length === 0) return { made: [] };
    if (this.#code.starts === 'throws')
      return { made: [], ended: { kind: 'crash', crash: loadCrash(this.#code) } };
    const until = now() + time;
    const made: (readonly SluiceEvent[])[] = [];
    for (const event of events) {
      let attempt: Attempt = 'again';
      while (attempt === 'again') {
        if (now() > until || this.#isSpent) {
          if (made.length > 0) count('code: the next event had no time');
          return { made, ended: { kind: 'no time' } };
        }
        attempt = await this.#attempt(event);
      }
      if ('crash' in attempt) return { made, ended: { kind: 'crash', crash: attempt.crash } };
      made.push(attempt.outputs);
    }
    return { made };
  }

  async #attempt(event: SluiceEvent): Promise<Attempt> {
    const { random, now, begun, made, count } = this.#options;
    const planned = plannedOf(event);
    begun(this.#stage, event.messageId, this.#host);
    const generation = this.#generation;
    const how = crashingOf(this.#stage, this.#code, planned);
    if (how === 'loop') this.#blockedUntil = now() + TRANSFORM_TIMEOUT;
    const takes = this.#takes(planned, how);
    if (takes > 0) await this.#host.pass(takes);
    if (this.#generation !== generation) return 'again';
    if (how === 'loop' || how === 'exit' || how === 'memory') this.#end();
    if (how === 'runaway') this.#runOn();
    if (how !== undefined) count(`code: ${how}`);
    if (how === 'native') {
      this.#host.running?.die(`native crash at ${event.messageId}`);
      return new Promise(() => undefined);
    }
    if (how !== undefined) return { crash: crashOf(this.#code, how, event.messageId) };
    // A loop of another event blocks the thread until it is ended.
    if (this.#blockedUntil > now()) {
      await this.#host.pass(this.#blockedUntil - now() + 1);
      return 'again';
    }
    const texts = toOutputs(returned(this.#stage, this.#code, planned, random), event.messageId);
    const outputs = toEvents(texts, event.messageId);
    if (outputs === undefined) throw new Error(`the simulated code makes no event of ${event.messageId}`);
    made(this.#stage, event, outputs);
    this.#startLate(planned);
    return { outputs };
  }

  #takes({ slow }: Planned, how: Crashing | undefined): number {
    const { random, count } = this.#options;
    if (how === 'runaway') return SEEN_AFTER;
    if (how === 'loop' || how === 'hang') return TRANSFORM_TIMEOUT;
    if (slow?.stage === this.#stage) {
      count('code: slow');
      return slow.takes;
    }
    return random() < 0.5 ? 0 : Math.floor(USUAL * random());
  }

  /** The next thread runs the events in hand again. */
  #end(): void {
    this.#generation += 1;
    this.#blockedUntil = 0;
  }

  #runOn(): void {
    const { random, abandoned } = this.#options;
    this.#end();
    this.#isSpent = true;
    abandoned(this.#host);
    this.#host.after(Math.floor(FILLS_WITHIN * random()), () => {
      this.#host.running?.die('its memory is full');
    });
  }

  #startLate({ late }: Planned): void {
    if (late?.stage !== this.#stage) return;
    const { random, count } = this.#options;
    this.#host.after(1 + Math.floor(LATEST * random() ** 3), () => {
      count(`code: late ${late.how}`);
      this.#late += 1;
      this.#lateEver += 1;
      if (late.how === 'exit') this.#end();
    });
  }
}
