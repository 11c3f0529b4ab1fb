/** Does something again and again while the page is looked at: never twice at the same time, and not in a hidden tab. */
export class Poll {
  readonly #turn: () => Promise<void>;
  readonly #period: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isWanted = false;

  /** @param turn handles its own errors @param period by then; milliseconds from the end of one turn to the next */
  constructor(turn: () => Promise<void>, period: () => number) {
    this.#turn = turn;
    this.#period = period;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer);
      else this.soon();
    });
  }

  /** Now, or when the turn that runs is over: what it read may be older than the reason to ask. */
  soon(): void {
    if (this.#isRunning) this.#isWanted = true;
    else void this.#run();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isRunning = true;
    do {
      this.#isWanted = false;
      await this.#turn();
    } while (this.#wanted());
    this.#isRunning = false;
    if (!document.hidden) this.#timer = setTimeout(() => this.soon(), this.#period());
  }

  #wanted(): boolean {
    return this.#isWanted;
  }
}
