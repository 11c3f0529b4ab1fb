import { describe, expect, it } from '@jest/globals';
import { arrivedIds } from './arrivals.ts';

const arrivals = (...ids: readonly string[]) =>
  ids.map((messageId) => ({ messageId, userId: messageId.slice(0, 1) }));

describe('arrivals without redeliveries', () => {
  it('count a duplicate directly after its event once, whatever arrives of other users in between', () => {
    expect(arrivedIds(arrivals('a0', 'a0', 'a1', 'b0', 'a1', 'b1', 'a2'))).toEqual([
      'a0',
      'a1',
      'b0',
      'b1',
      'a2',
    ]);
  });

  it('keep a duplicate after a later event of its user', () => {
    expect(arrivedIds(arrivals('a0', 'a1', 'a0', 'a2'))).toEqual(['a0', 'a1', 'a0', 'a2']);
  });

  it('count the repeated events of a packed message once, and keep those of the message before', () => {
    expect(arrivedIds(arrivals('a0', 'a1', 'a0', 'a1', 'a2'), 2)).toEqual(['a0', 'a1', 'a2']);
    expect(arrivedIds(arrivals('a0', 'a1', 'a2', 'a3', 'a1'), 2)).toEqual(['a0', 'a1', 'a2', 'a3', 'a1']);
  });
});
