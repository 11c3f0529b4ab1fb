/**
 * How many pollers a mapping has. Each holds one batch at a time, so it is the concurrency as well.
 *
 * It begins with two. One more is added when no poller is waiting for messages, not faster than `growEveryMs`, up to the
 * maximum; one that finds nothing ends again. When a batch fails the number is halved, down to one, and each batch
 * that succeeds lets it grow by one: as on AWS a failing function is spared, and all its users wait for that.
 */

/** With one alone, a message that takes long would hold up what comes after it until the next is added. */
const INITIAL = 2;

export interface PollerScaleOptions {
  readonly maximum: number;
  readonly growEveryMs: number;
  /** Starts a poller; it calls `ended` when it has ended. */
  readonly start: () => void;
}

export class PollerScale {
  maximum: number;
  readonly #growEveryMs: number;
  readonly #start: () => void;
  /** What failures leave of the maximum. */
  #ceiling = Number.POSITIVE_INFINITY;
  #failuresInARow = 0;
  #isOpen = false;
  #pollers = 0;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void)[] = [];

  constructor({ maximum, growEveryMs, start }: PollerScaleOptions) {
    this.maximum = maximum;
    this.#growEveryMs = growEveryMs;
    this.#start = start;
  }

  open(): void {
    this.#isOpen = true;
    this.grow();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when no poller is left. */
  async idle(): Promise<void> {
    if (this.#pollers > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Adds a poller soon if there are too few. */
  grow(): void {
    if (!this.#isOpen) return;
    while (this.#pollers < Math.min(INITIAL, this.#allowed)) this.#add();
    if (!this.#isShort || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isShort) this.#add();
    }, this.#growEveryMs);
  }

  /** Asked by a poller before each receive; when the answer is no, it ends. */
  mayContinue(): boolean {
    return this.#isOpen && this.#pollers <= this.#allowed;
  }

  /** Whether a poller that found nothing may end. */
  get isSurplus(): boolean {
    return this.#pollers > INITIAL;
  }

  /** Runs a poller's receive. */
  async whileWaiting<T>(receive: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    try {
      return await receive();
    } finally {
      this.#waiting -= 1;
      this.grow();
    }
  }

  ended(): void {
    this.#pollers -= 1;
    if (this.#pollers > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  succeeded(): void {
    this.#failuresInARow = 0;
    this.#ceiling += 1;
    this.grow();
  }

  /** @returns how many batches have failed in a row, this one included */
  failed(): number {
    this.#failuresInARow += 1;
    this.#ceiling = Math.max(1, Math.floor(Math.min(this.#allowed, this.#pollers) / 2));
    return this.#failuresInARow;
  }

  get #allowed(): number {
    return Math.min(this.maximum, this.#ceiling);
  }

  get #isShort(): boolean {
    return this.#waiting === 0 && this.#pollers < this.#allowed;
  }

  #add(): void {
    this.#pollers += 1;
    this.#start();
  }
}
