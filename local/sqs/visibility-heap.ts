/** What the heap holds. `heapIndex` belongs to the heap: -1 while the item is not in it. */
export interface HeapItem {
  /** Milliseconds since 1970. */
  visibleAt: number;
  heapIndex: number;
}

/**
 * The hidden messages of a queue, soonest visible first. Each item knows its place, so that a deleted message leaves
 * immediately: waiting for its timeout would keep the bodies of everything deleted in the last minutes in memory.
 */
export class VisibilityHeap<T extends HeapItem> {
  readonly #items: T[] = [];

  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it after its `visibleAt` has changed. */
  set(item: T): void {
    if (item.heapIndex < 0) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#down(this.#up(item));
  }

  /** Does nothing if the item is not in the heap. */
  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#place(last, index);
    this.#down(this.#up(last));
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #up(item: T): T {
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || parent.visibleAt <= item.visibleAt) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
    return item;
  }

  #down(item: T): void {
    let index = item.heapIndex;
    for (;;) {
      const left = this.#items[2 * index + 1];
      const right = this.#items[2 * index + 2];
      const child =
        right !== undefined && left !== undefined && right.visibleAt < left.visibleAt ? right : left;
      if (child === undefined || child.visibleAt >= item.visibleAt) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }
}
