/**
 * Waits until every running task has reached its next call or its end: out of a promise's reaction, Node runs all other reactions
 * before the next tick. Nothing in the simulation waits for anything but promises, so no turn of the event loop is needed.
 */
const settled = (): Promise<void> =>
  new Promise((done) => {
    process.nextTick(done);
  });

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that passes only from one task to the next. Only the work that a task started runs concurrently with it. */
export class Schedule {
  now: number;
  readonly #tasks: Task[] = [];
  #order = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.now = now;
  }

  after(milliseconds: number, run: () => void): void {
    this.#order += 1;
    const task = { at: this.now + Math.max(0, milliseconds), order: this.#order, run };
    // From the end: most new tasks are later than the waiting ones.
    let i = this.#tasks.length;
    for (; i > 0; i--) {
      const before = this.#tasks[i - 1];
      if (before === undefined || before.at <= task.at) break;
    }
    this.#tasks.splice(i, 0, task);
  }

  pass(milliseconds: number): Promise<void> {
    return new Promise((done) => {
      this.after(milliseconds, done);
    });
  }

  /**
   * Runs tasks, the earliest first, until `isOver` returns true after one.
   * @returns false when no tasks are left, or `until` has passed
   */
  async run(isOver: () => boolean, until: number): Promise<boolean> {
    // Into a reaction: see `settled`.
    await Promise.resolve();
    while (!isOver()) {
      const task = this.#tasks.shift();
      if (task === undefined || task.at > until) return false;
      this.now = task.at;
      task.run();
      await settled();
    }
    return true;
  }
}
