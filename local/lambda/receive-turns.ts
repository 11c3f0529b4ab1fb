/**
 * Which poller of a mapping may receive now.
 *
 * While a batch that has just begun is at work, new messages gather, and make one batch instead of several small ones: an invocation costs
 * about as much as two or three of the messages in it. A batch that takes long does not hold up what comes after it, and behind a backlog,
 * where batches are full, nobody waits for a turn.
 */

/** How long messages gather at most. A batch that needs no longer is finished by then, so that they wait for nothing in vain. */
const GATHER_MS = 20;

interface Waiter {
  readonly settle: (isItsTurn: boolean) => void;
}

export class ReceiveTurns {
  readonly #gatherMs: number;
  readonly #line: Waiter[] = [];
  #receiving = 0;
  #busy = 0;
  #lastBegan = -Infinity;
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(gatherMs = GATHER_MS) {
    this.#gatherMs = gatherMs;
  }

  /**
   * Receives when it is the caller's turn.
   * @param limitMs after which it gives up waiting for its turn
   * @returns nothing when its turn has not come
   */
  async receive<T>(
    wait: { readonly limitMs: number; readonly signal: AbortSignal },
    run: () => Promise<readonly T[]>,
    isFull: (received: readonly T[]) => boolean,
  ): Promise<readonly T[]> {
    if (!(await this.#turn(wait))) return [];
    try {
      const received = await run();
      this.#isBehind = isFull(received);
      return received;
    } finally {
      this.#receiving -= 1;
      // Those who are next are asked when the caller has had time to begin with what it got.
      setImmediate(() => this.#next());
    }
  }

  /** Works on what was received. */
  async work<T>(run: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    this.#lastBegan = performance.now();
    try {
      return await run();
    } finally {
      this.#busy -= 1;
      this.#next();
    }
  }

  #turn({ limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal }): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isItsTurn: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        if (isItsTurn) this.#receiving += 1;
        resolve(isItsTurn);
      };
      const waiter: Waiter = { settle };
      const giveUp = (): void => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        settle(false);
      };
      const timer = setTimeout(giveUp, limitMs);
      signal.addEventListener('abort', giveUp);
      this.#line.push(waiter);
      this.#next();
    });
  }

  #next(): void {
    clearTimeout(this.#timer);
    while (this.#line.length > 0) {
      const gatherFor = this.#busy === 0 ? 0 : this.#lastBegan + this.#gatherMs - performance.now();
      if (!this.#isBehind) {
        if (this.#receiving > 0) return;
        if (gatherFor > 0) {
          this.#timer = setTimeout(() => this.#next(), gatherFor);
          return;
        }
      }
      this.#line.shift()?.settle(true);
    }
  }
}
