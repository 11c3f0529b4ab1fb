/**
 * Threads that run on although they were told to end: they are in a system call, or in a loop that calls no function of JavaScript, in which
 * V8 looks for the order to end only after thousands of rounds. They cannot be helped from within: they share the process's memory and
 * time until it ends, which the stage sees to when its batch is done.
 */
import type { CaughtCrash } from '../core/event/transform.ts';
import type { Thread } from './thread.ts';

export class Abandoned {
  readonly #threads = new Set<Thread>();
  #isSpent = false;
  /** The module's, if one of them never came to its end. */
  loadCrash: CaughtCrash | undefined;

  get any(): boolean {
    return this.#threads.size > 0;
  }

  /**
   * One of them fills the memory, so that the process may die at any moment: nothing is begun any more, and what another thread does
   * beside it is held against nobody.
   */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  add(thread: Thread): void {
    this.#threads.add(thread);
    if (thread.killedFor === 'memory') this.#isSpent = true;
  }

  memoryIsFull(): void {
    this.#isSpent = this.any;
  }

  gone(thread: Thread): void {
    this.#threads.delete(thread);
    if (this.any) return;
    this.#isSpent = false;
    this.loadCrash = undefined;
  }
}
