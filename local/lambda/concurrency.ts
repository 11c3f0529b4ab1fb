/** Accounts of AWS begin with 1,000, or with 10 when they are new; a machine has less room than either. */
const DEFAULT_CONCURRENCY = 100;

/** How many invocations may run concurrently: an account's limit is shared by its functions. */
export class ConcurrencyLimit {
  readonly limit: number;
  #inUse = 0;

  constructor(limit = DEFAULT_CONCURRENCY) {
    this.limit = limit;
  }

  get inUse(): number {
    return this.#inUse;
  }

  tryTake(): boolean {
    if (this.#inUse >= this.limit) return false;
    this.#inUse += 1;
    return true;
  }

  release(): void {
    this.#inUse -= 1;
  }
}
