import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VisibilityHeap, type HeapItem } from '../../../local/sqs/visibility-heap.ts';

test('after any sets and removals the first item is the earliest one, and all are there', () => {
  const step = fc.record({
    item: fc.nat({ max: 30 }),
    at: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const heap = new VisibilityHeap<HeapItem>();
      const items = Array.from({ length: 31 }, (): HeapItem => ({ visibleAt: 0, heapIndex: -1 }));
      const inside = new Set<HeapItem>();
      for (const { item: index, at } of steps) {
        const item = items[index];
        if (item === undefined) continue;
        if (at === undefined) {
          heap.remove(item);
          inside.delete(item);
        } else {
          item.visibleAt = at;
          heap.set(item);
          inside.add(item);
        }
        const earliest = Math.min(...[...inside].map(({ visibleAt }) => visibleAt));
        expect(heap.first?.visibleAt ?? Infinity).toBe(earliest);
      }
      const order: number[] = [];
      for (let first = heap.first; first !== undefined; first = heap.first) {
        order.push(first.visibleAt);
        heap.remove(first);
      }
      expect(order).toEqual([...inside].map(({ visibleAt }) => visibleAt).sort((a, b) => a - b));
    }),
  );
});
