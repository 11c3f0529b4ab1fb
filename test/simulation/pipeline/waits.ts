/** Since when work has been waiting in a stage without a break. Times are milliseconds since 1970. */

export interface WaitsOptions {
  readonly now: () => number;
  /** Messages in the stage's queue, hidden or not. */
  readonly queued: () => number;
  /** Whether one of them could be received now. */
  readonly hasAvailable: () => boolean;
  readonly parkedKeys: () => readonly string[];
  /** A key may count as in trouble of its own. */
  readonly isOwn: (key: string) => boolean;
  /** It must. */
  readonly isSurelyOwn: (key: string) => boolean;
}

export class Waits {
  /** Undefined: nothing waits. */
  since: number | undefined;
  /** The same, if a key counts as in trouble of its own only where that is certain. */
  maySince: number | undefined;
  /** Since when there has been something that a trial could try. */
  triableSince: number | undefined;
  readonly #options: WaitsOptions;

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  look(): void {
    const { queued, hasAvailable, parkedKeys, isOwn, isSurelyOwn, now } = this.#options;
    const isQueued = queued() > 0;
    const keys = parkedKeys();
    const isParked = keys.some((key) => !isOwn(key));
    const since = (waits: boolean, before: number | undefined) => (waits ? (before ?? now()) : undefined);
    this.since = since(isQueued || isParked, this.since);
    this.maySince = since(isQueued || keys.some((key) => !isSurelyOwn(key)), this.maySince);
    this.triableSince = since(isParked || (isQueued && hasAvailable()), this.triableSince);
  }

  /** What waits begins to wait only now. */
  restart(): void {
    if (this.since !== undefined) this.since = this.#options.now();
  }
}
