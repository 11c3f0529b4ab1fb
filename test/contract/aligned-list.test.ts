import { describe, expect, it } from '@jest/globals';
import { alignedList, readAlignedList } from '../../contract/aligned-list.ts';

describe('a list that is aligned with ids', () => {
  it('returns the values by id', () => {
    expect(readAlignedList(['crm', 'lake'], alignedList(['crm', 'lake'], ['q1.fifo', 'q2.fifo']))).toEqual(
      new Map([
        ['crm', 'q1.fifo'],
        ['lake', 'q2.fifo'],
      ]),
    );
    expect(readAlignedList([], alignedList([], []))).toEqual(new Map());
  });

  it.each([
    ['one more', ['crm', 'erp', 'lake']],
    ['one less', ['crm']],
    ['another', ['crm', 'erp']],
    ['another order', ['lake', 'crm']],
  ])('is not taken for the list of %s', (_, ids) => {
    expect(readAlignedList(ids, alignedList(['crm', 'lake'], ['q1.fifo', 'q2.fifo']))).toBeUndefined();
  });

  it.each(['', 'q1.fifo,q2.fifo', ':q1.fifo'])('does not read %j', (text) => {
    expect(readAlignedList(['crm'], text)).toBeUndefined();
  });
});
