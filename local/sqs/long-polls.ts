/**
 * Receives that wait for a message. They are served in the order in which they came, when a message is sent, a group
 * is released or a visibility timeout ends. One whose client hangs up leaves the line before it can take anything.
 */
import { LinkedList } from './linked-list.ts';
import type { SqsEngine } from './engine.ts';
import type { ReceivedMessage } from './types.ts';

/** The longest time that `setTimeout` can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiter {
  readonly receive: () => ReceivedMessage[];
  readonly settle: (outcome: ReceivedMessage[] | Error) => void;
}

interface Line {
  readonly waiters: LinkedList<Waiter>;
  /** Wakes when the next hidden message of the queue becomes visible. */
  timer: NodeJS.Timeout | undefined;
}

export interface Wait {
  readonly milliseconds: number;
  readonly signal: AbortSignal | undefined;
  /** Called when there is something to be had. */
  readonly receive: () => ReceivedMessage[];
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));

export class LongPolls {
  readonly #engine: SqsEngine;
  readonly #clock: () => number;
  readonly #lines = new Map<string, Line>();

  constructor(engine: SqsEngine, clock: () => number) {
    this.#engine = engine;
    this.#clock = clock;
    engine.onAvailable((queue) => {
      // The engine is in the middle of something: what it does next may still change what there is to be had.
      if (this.#lines.has(queue)) queueMicrotask(() => this.serve(queue));
    });
  }

  /**
   * @returns what was received, nothing when the time is over
   * @throws the signal's reason; whatever `receive` throws
   */
  wait(queue: string, { milliseconds, signal, receive }: Wait): Promise<ReceivedMessage[]> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(queue) ?? { waiters: new LinkedList<Waiter>(), timer: undefined };
      this.#lines.set(queue, line);
      const settle = (outcome: ReceivedMessage[] | Error): void => {
        line.waiters.remove(node);
        clearTimeout(deadline);
        signal?.removeEventListener('abort', abort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
        this.arm(queue);
      };
      const abort = (): void => settle(asError(signal?.reason));
      const deadline = setTimeout(() => settle([]), milliseconds);
      const node = line.waiters.push({ receive, settle });
      signal?.addEventListener('abort', abort);
      this.arm(queue);
    });
  }

  /** Gives those who wait what there is to be had. */
  serve(queue: string): void {
    for (;;) {
      const waiter = this.#lines.get(queue)?.waiters.first?.value;
      if (waiter === undefined) return;
      try {
        if (!this.#engine.hasAvailable(queue)) break;
        const messages = waiter.receive();
        if (messages.length === 0) break;
        waiter.settle(messages);
      } catch (error) {
        waiter.settle(asError(error));
      }
    }
    this.arm(queue);
  }

  /** Sets the queue's timer; to be called whenever a visibility may have changed. */
  arm(queue: string): void {
    const line = this.#lines.get(queue);
    if (line === undefined) return;
    clearTimeout(line.timer);
    if (line.waiters.first === undefined) {
      this.#lines.delete(queue);
      return;
    }
    const at = this.#engine.nextEventAt(queue);
    if (at === undefined) return;
    const delay = Math.min(Math.max(at - this.#clock(), 0), MAX_TIMER_MS);
    line.timer = setTimeout(() => this.serve(queue), delay);
  }

  /** Ends all waits, with nothing received. */
  close(): void {
    for (const { waiters } of [...this.#lines.values()]) for (const waiter of [...waiters]) waiter.settle([]);
  }
}
