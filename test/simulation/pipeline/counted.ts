/** Redrives, deaths and finished messages of a stage within its window. Times are milliseconds since 1970. */
import type { Bounds } from './bounds.ts';
import { LEARNS } from './stored-progress.ts';

/** Old times are dropped each time that this many new ones have been added. */
const MOST = 500;

export interface CountedOptions {
  readonly now: () => number;
  readonly bounds: Pick<Bounds, 'window' | 'slack'>;
  /** When the stage last began to recover: that clears the counts. */
  readonly clearedAt: () => number;
}

export class Counted {
  readonly #options: CountedOptions;
  #redrives: readonly number[] = [];
  #deaths: readonly number[] = [];
  /** Messages at which a process ended, and which were not begun since. */
  readonly #unknownDeaths = new Set<string>();
  #finished: readonly number[] = [];

  constructor(options: CountedOptions) {
    this.#options = options;
  }

  redriven(): void {
    this.#redrives = this.#recent([...this.#redrives, this.#options.now()]);
  }

  /** The process ended at a message. */
  died(messageId: string): void {
    this.#deaths = this.#recent([...this.#deaths, this.#options.now()]);
    this.#unknownDeaths.add(messageId);
  }

  /** An attempt at a message begins: a death before it is known from now on. */
  begun(messageId: string): void {
    this.#unknownDeaths.delete(messageId);
  }

  /** Something of a message got through. */
  gotThrough(): void {
    this.#finished = [...this.#finished, this.#options.now()];
    if (this.#finished.length % MOST === 0) this.#finished = this.#recent(this.#finished);
  }

  /** With those that the stage may hear about only now. */
  deathsSince(since: number): number {
    return this.#deaths.filter((at) => at >= since).length + this.#unknownDeaths.size;
  }

  /** Redrives within the window, and their share of what was processed. */
  get redrives(): { readonly count: number; readonly share: number } {
    const count = this.#recent(this.#redrives).length;
    return { count, share: count / (count + this.#recent(this.#finished).length) };
  }

  /** The latest that each of the stage's functions knows of; -Infinity: none. */
  get knownAt(): number {
    const by = this.#options.now() - LEARNS;
    return Math.max(-Infinity, ...this.#finished.filter((at) => at <= by));
  }

  #recent(times: readonly number[]): readonly number[] {
    const { now, bounds, clearedAt } = this.#options;
    return times.filter((at) => at >= clearedAt() && now() - at <= bounds.window + bounds.slack);
  }
}
