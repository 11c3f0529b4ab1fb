import { describe, expect, it } from '@jest/globals';
import { alignedList, readAlignedList, wholeUuid } from '../../contract/aligned-list.ts';

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

  it('leaves out what follows a pattern of the ids', () => {
    const ids = ['crm', 'lake', 'erp'];
    const values = ['p-to-crm.fifo', 'made-up.fifo', 'p-to-erp.fifo'];
    const text = alignedList(ids, values, 'p-to-{}.fifo');
    expect(text).toMatch(/^[\w-]{8}:,made-up\.fifo,\|p-to-\{\}\.fifo$/);
    expect([...(readAlignedList(ids, text) ?? [])].map(([, value]) => value)).toEqual(values);
    const one = alignedList(['crm'], ['p-to-crm.fifo'], 'p-to-{}.fifo');
    expect(readAlignedList(['crm'], one)).toEqual(new Map([['crm', 'p-to-crm.fifo']]));
  });

  it('does not read a list with nothing for an id', () => {
    expect(readAlignedList(['crm', 'lake'], alignedList(['crm', 'lake'], ['q1.fifo', '']))).toBeUndefined();
    expect(readAlignedList(['crm'], alignedList(['crm'], ['']))).toBeUndefined();
  });

  it.each(['', 'q1.fifo,q2.fifo', ':q1.fifo'])('does not read %j', (text) => {
    expect(readAlignedList(['crm'], text)).toBeUndefined();
  });
});

describe('a UUID without its dashes', () => {
  it.each([
    ['0123456789ab4cdef0123456789abcde', '01234567-89ab-4cde-f012-3456789abcde'],
    ['01234567-89ab-4cde-f012-3456789abcde', '01234567-89ab-4cde-f012-3456789abcde'],
    ['PipelineRouterMapping0A1B2C3D', 'PipelineRouterMapping0A1B2C3D'],
  ])('%s is %s', (text, whole) => {
    expect(wholeUuid(text)).toBe(whole);
  });
});
