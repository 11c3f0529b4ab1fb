/** The call for which code of the destination runs: what it sends has the call's time, and nothing is sent when that is over. */
import { AsyncLocalStorage } from 'node:async_hooks';

export class RunScope {
  /** Requests that were answered. */
  answers = 0;
  readonly #ended = new AbortController();
  readonly #deadline: number;
  readonly #now: () => number;

  /** @param time milliseconds */
  constructor(time: number, now: () => number) {
    this.#now = now;
    this.#deadline = now() + time;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get timeLeft(): number {
    return this.#ended.signal.aborted ? 0 : this.#deadline - this.#now();
  }

  end(): void {
    this.#ended.abort();
  }
}

export const scopes = new AsyncLocalStorage<RunScope>();
