import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { orderKey, orderingId, userIds } from '../../../lambdas/core/event/order-key.ts';

const keyOf = (sourceId: string, event: Record<string, never> | Record<string, string | number>): string => {
  const ids = userIds(event);
  if (ids === undefined) throw new Error('the event has no user id');
  return orderKey(sourceId, ids, orderingId(event, 'auto'));
};

describe('userIds', () => {
  test('are trimmed, and a number counts as a string', () => {
    expect(userIds({ userId: ' u1 ', anonymousId: '\ta1\n' })).toEqual({ userId: 'u1', anonymousId: 'a1' });
    expect(userIds({ userId: 42 })).toEqual({ userId: '42', anonymousId: '' });
    expect(userIds({ anonymousId: 0 })).toEqual({ userId: '', anonymousId: '0' });
  });

  test.each([
    [{}],
    [{ userId: '' }],
    [{ userId: '  ', anonymousId: null }],
    [{ userId: NaN, anonymousId: Infinity }],
  ])('%j has no user id', (event) => {
    expect(userIds(event)).toBeUndefined();
  });
});

describe('orderKey', () => {
  // Computed by another program: a change would put queued and new events of a user into different groups.
  test('does not change from version to version', () => {
    expect(keyOf('web', { anonymousId: 'anon-1' })).toBe('rTp6g9v0kxtLGt9ZHhj6VSeGCUo5DneNjf50kRMQqxA');
    expect(keyOf('web', { userId: '42' })).toBe('U0iBBLG_S0ph5Z2FwJezELx8cNIEMYhkezpgs4U_EXY');
  });

  test('stays the same when an anonymous device is identified as a user', () => {
    const anonymous = keyOf('web', { anonymousId: 'anon-1' });
    expect(keyOf('web', { anonymousId: 'anon-1', userId: 'u1' })).toBe(anonymous);
    expect(keyOf('web', { userId: 'u1' })).not.toBe(anonymous);
  });

  test('differs by source', () => {
    expect(keyOf('web', { userId: 'u1' })).not.toBe(keyOf('app', { userId: 'u1' }));
    expect(keyOf('web', { userId: 'u1' })).not.toBe(keyOf('we', { userId: 'bu1' }));
  });

  test('is a valid message group id, whatever the user id contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 500 }), (anonymousId) => {
        expect(orderKey('web', { anonymousId, userId: '' }, 'anonymousId')).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
    );
  });
});
