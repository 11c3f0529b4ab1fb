/** An element's place in a `LinkedList`: what one needs to take it out again. */
export interface ListNode<T> {
  readonly value: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
}

/**
 * A doubly linked list. A `Map` or `Set` would keep insertion order too, but taking its oldest element again and
 * again walks over the holes that the earlier ones left.
 */
export class LinkedList<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;

  get first(): ListNode<T> | undefined {
    return this.#first;
  }

  get last(): ListNode<T> | undefined {
    return this.#last;
  }

  push(value: T): ListNode<T> {
    return this.insertAfter(this.#last, value);
  }

  /** @param previous the new element's predecessor; undefined puts it first */
  insertAfter(previous: ListNode<T> | undefined, value: T): ListNode<T> {
    const next = previous === undefined ? this.#first : previous.next;
    const node: ListNode<T> = { value, previous, next };
    if (previous === undefined) this.#first = node;
    else previous.next = node;
    if (next === undefined) this.#last = node;
    else next.previous = node;
    return node;
  }

  /** @param node an element of this list; removing it twice would corrupt the list */
  remove(node: ListNode<T>): void {
    if (node.previous === undefined) this.#first = node.next;
    else node.previous.next = node.next;
    if (node.next === undefined) this.#last = node.previous;
    else node.next.previous = node.previous;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let node = this.#first; node !== undefined; node = node.next) yield node.value;
  }
}
