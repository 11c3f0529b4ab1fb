import { expect, test } from '@jest/globals';
import { deadLetterSortOf } from '../../../lambdas/core/stage/parking.ts';

test('dead letters of the same time are in the order of their sequence numbers, of any length', () => {
  const numbers = ['2', '10', '9', '100'];
  const sorted = numbers.map((sequenceNumber) => deadLetterSortOf({ sentAt: 1, sequenceNumber })).sort();
  expect(sorted.map((sort) => Number(sort.split('#')[2]))).toEqual([2, 9, 10, 100]);
});
