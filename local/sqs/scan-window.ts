/**
 * The oldest messages of a FIFO queue, in which it looks for groups. It moves on as messages leave the queue, and a message
 * that is in it stays in it.
 */
import type { ListNode } from './linked-list.ts';
import type { Message } from './message.ts';

export class ScanWindow {
  readonly #size: number;
  #count = 0;
  /** Its newest message. */
  #last: ListNode<Message> | undefined;

  /** @param size messages; Infinity: all of them, in any order */
  constructor(size: number) {
    this.#size = size;
  }

  has({ sequence }: Message): boolean {
    return this.#size === Infinity || (this.#last !== undefined && sequence <= this.#last.value.sequence);
  }

  /** @param node the newest of the queue */
  added(node: ListNode<Message>): void {
    if (this.#count >= this.#size) return;
    this.#count += 1;
    this.#last = node;
  }

  /**
   * @param node still in the list of the queue
   * @returns the message that comes into the window instead
   */
  removed(node: ListNode<Message>): Message | undefined {
    if (this.#size === Infinity || !this.has(node.value)) return undefined;
    const next = this.#last?.next;
    if (next === undefined) this.#count -= 1;
    if (next !== undefined || node === this.#last) this.#last = next ?? node.previous;
    return next?.value;
  }
}
