/** Which messages each invocation has in hand: last words may touch only those that the dead process still had. */
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import type { Invocation } from './invocation.ts';

/** The messages of one invocation. */
interface Batch {
  readonly ids: ReadonlySet<string>;
  /** From then on another function may receive the messages; milliseconds since 1970. */
  readonly visibleAt: number;
  /** Given back or deleted, as far as the function knows. */
  readonly released: Set<string>;
}

type Messages = readonly Pick<IncomingMessage, 'id'>[];

export class Belongings {
  readonly #batches = new WeakMap<Invocation, Batch>();
  readonly #now: () => number;
  readonly #violation: (text: string) => void;

  constructor(now: () => number, violation: (text: string) => void) {
    this.#now = now;
    this.#violation = violation;
  }

  /** @param visibleAt as `Batch` has it */
  received(invocation: Invocation, messages: Messages, visibleAt: number): void {
    this.#batches.set(invocation, {
      ids: new Set(messages.map(({ id }) => id)),
      visibleAt,
      released: new Set(),
    });
  }

  released(invocation: Invocation, messages: Messages): void {
    const batch = this.#batches.get(invocation);
    for (const { id } of messages) batch?.released.add(id);
  }

  /** Last words give messages back, or charge one. @param dead see `Charges.heeded` */
  touched(messages: Messages, dead: Invocation | undefined): void {
    const batch = dead === undefined ? undefined : this.#batches.get(dead);
    const name = dead?.name ?? 'nothing';
    for (const { id } of messages) {
      if (batch?.ids.has(id) !== true)
        this.#violation(`they touch ${id}, which ${name} did not have when it died`);
      else if (batch.released.has(id))
        this.#violation(`they touch ${id}, which ${name} had given back when it died`);
    }
  }

  /** Last words have charged a message. */
  charged(id: string, dead: Invocation | undefined): void {
    this.touched([{ id }], dead);
    const batch = dead === undefined ? undefined : this.#batches.get(dead);
    if (batch !== undefined && this.#now() >= batch.visibleAt)
      this.#violation(`they charge ${id} when another function may have it`);
  }
}
