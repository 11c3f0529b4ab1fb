/** Progress as it is stored: all that another process of the stage can know of. Times are milliseconds since 1970. */

/** From progress that gets through, or is stored, until each of the stage's functions knows of it, at the latest: a few calls. */
export const LEARNS = 10_000;

/** Older writes are forgotten. */
const MOST_WRITES = 500;

export class StoredProgress {
  readonly #now: () => number;
  /** The latest is last. */
  #writes: readonly { readonly storedAt: number; readonly progressAt: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  written(progressAt: number): void {
    this.#writes = [...this.#writes, { storedAt: this.#now(), progressAt }].slice(-MOST_WRITES);
  }

  /** @returns the latest progress that an attempt which began then must know of; -Infinity: none */
  knownTo(begunAt: number): number {
    const known = this.#writes.filter(({ storedAt }) => storedAt <= begunAt - LEARNS);
    return Math.max(-Infinity, ...known.map(({ progressAt }) => progressAt));
  }
}
