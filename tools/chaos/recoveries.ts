/** How long nothing came through: from the kill that stopped it to the first sign of life, over as many kills as that took. */
export class Recoveries {
  readonly #lengths: number[] = [];
  #since: number | undefined;

  /** @param at milliseconds of one clock, as everywhere here */
  stopped(at: number): void {
    this.#since ??= at;
  }

  /** Something came through. */
  alive(at: number): void {
    if (this.#since === undefined) return;
    this.#lengths.push(at - this.#since);
    this.#since = undefined;
  }

  get summary(): Summary {
    const sorted = [...this.#lengths].sort((a, b) => a - b);
    return {
      count: sorted.length,
      medianMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0,
      maxMs: sorted.at(-1) ?? 0,
    };
  }
}

export interface Summary {
  readonly count: number;
  readonly medianMs: number;
  readonly maxMs: number;
}
