import type { Failure } from './protocol.ts';

/**
 * A thread's end that no event is convicted of yet. When every suspect has passed its trial, something did it that an event had
 * left behind after it was answered.
 */
export class Unsolved {
  readonly #onLate: (failure: Failure) => void;
  #failure: Failure | undefined;
  readonly #suspects = new Set<number>();

  constructor(onLate: (failure: Failure) => void) {
    this.#onLate = onLate;
  }

  /** @param suspects ids of jobs */
  open(failure: Failure, suspects: readonly number[]): void {
    this.#suspects.clear();
    for (const id of suspects) this.#suspects.add(id);
    this.#failure = failure;
  }

  /** A trial is over. @param isGuilty it ended its thread again, or failed in another way */
  tried(id: number, isGuilty: boolean): void {
    if (!this.#suspects.delete(id)) return;
    const failure = this.#failure;
    if (isGuilty) this.#suspects.clear();
    else if (this.#suspects.size === 0 && failure !== undefined)
      this.#onLate({ error: `${failure.error}, and each event in hand passed alone` });
  }
}
