/** Receives of the last 5 minutes that named a `ReceiveRequestAttemptId`: who lost the answer may ask again. */
import { LinkedList } from './linked-list.ts';
import type { Message } from './message.ts';

const WINDOW_MS = 5 * 60_000;

interface Attempt {
  readonly id: string;
  readonly at: number;
  readonly messages: readonly {
    readonly message: Message;
    readonly receipt: number;
    readonly visibleAt: number;
  }[];
}

export class ReceiveAttempts {
  readonly #byAge = new LinkedList<Attempt>();
  readonly #byId = new Map<string, Attempt>();

  /** @param now milliseconds since 1970 */
  remember(id: string, messages: readonly Message[], now: number): void {
    if (messages.length === 0) return;
    this.#prune(now);
    const attempt: Attempt = {
      id,
      at: now,
      messages: messages.map((message) => ({
        message,
        receipt: message.receipt,
        visibleAt: message.visibleAt,
      })),
    };
    this.#byAge.push(attempt);
    this.#byId.set(id, attempt);
  }

  /** @returns the attempt's messages, or undefined if any of them was deleted, changed or received again since */
  recall(id: string, now: number, isPresent: (message: Message) => boolean): readonly Message[] | undefined {
    this.#prune(now);
    const attempt = this.#byId.get(id);
    const intact = attempt?.messages.every(
      ({ message, receipt, visibleAt }) =>
        isPresent(message) &&
        message.state === 'inFlight' &&
        message.receipt === receipt &&
        message.visibleAt === visibleAt,
    );
    return intact === true ? attempt?.messages.map(({ message }) => message) : undefined;
  }

  #prune(now: number): void {
    for (;;) {
      const oldest = this.#byAge.first;
      if (oldest === undefined || oldest.value.at + WINDOW_MS > now) return;
      this.#byAge.remove(oldest);
      if (this.#byId.get(oldest.value.id) === oldest.value) this.#byId.delete(oldest.value.id);
    }
  }
}
