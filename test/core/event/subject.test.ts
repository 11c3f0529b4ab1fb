import { describe, expect, it } from '@jest/globals';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';
import { isOf, keysOf, withoutSubject } from '../../../lambdas/core/event/subject.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';

const ada = { sourceId: 'web', userId: 'ada' };

const record = (body: unknown, more: Partial<Rejection> = {}): Rejection => ({
  id: 'r',
  stage: 'crm',
  receivedAt: '2026-01-01T00:00:00.000Z',
  at: 1,
  reason: 'answered 400',
  sourceId: 'web',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  sha256: 'x',
  size: 3,
  ...more,
});

describe('an event is of a user', () => {
  it.each([
    [{ userId: 'ada' }, true],
    [{ userId: ' ada\u200B' }, true],
    [{ type: 'alias', userId: 'ada-2', previousId: 'ada' }, true],
    [{ anonymousId: 'ada' }, false],
    [{ userId: 'ada-2' }, false],
    [{ traits: { userId: 'ada' } }, false],
    [{}, false],
  ])('%j: %s', (event, expected) => {
    expect(isOf(event, ada)).toBe(expected);
  });

  it('by its device', () => {
    expect(isOf({ anonymousId: 'phone' }, { sourceId: 'web', anonymousId: 'phone' })).toBe(true);
  });

  it('by a number, as text', () => {
    expect(isOf({ userId: 42 }, { sourceId: 'web', userId: '42' })).toBe(true);
  });
});

it('has an order key for each id', () => {
  const ids = { userId: 'ada', anonymousId: 'phone' };
  expect(keysOf({ sourceId: 'web', ...ids })).toEqual([
    orderKey('web', ids, 'userId'),
    orderKey('web', ids, 'anonymousId'),
  ]);
  expect(keysOf({ sourceId: 'web' })).toEqual([]);
});

describe('a record', () => {
  it.each([
    ['of another user', record({ userId: 'bob' })],
    ['of another source', record({ userId: 'ada' }, { sourceId: 'app' })],
    ['that is no JSON and does not name the user', record('{"userId":"adam"')],
  ])('%s stays', (_, given) => {
    expect(withoutSubject(given, ada)).toEqual({ kind: 'all' });
  });

  it.each([
    ['of the user', record({ userId: 'ada' }), 1],
    ['of many events of the user', record([{ userId: 'ada' }, { userId: 'ada' }], { count: 2 }), 2],
    ['that is cut off and names the user', record('[{"userId":"ada","properties":{"a', { count: 7 }), 7],
  ])('%s goes', (_, given, erased) => {
    expect(withoutSubject(given, ada)).toEqual({ kind: 'nothing', erased });
  });

  it('of several users keeps the others, and not what the destination answered', () => {
    const events = [{ userId: 'bob' }, { userId: 'ada' }, { userId: 'cy' }];
    const given = record(events, { count: 3, answer: { status: 400, body: 'ada is unknown' } });
    const left = withoutSubject(given, ada);
    expect(left).toMatchObject({ kind: 'some', erased: 1, rejection: { id: 'r', count: 2, size: 34 } });
    expect(JSON.stringify(left)).not.toContain('ada');
  });

  it('of two users becomes the record of one event', () => {
    const left = withoutSubject(record([{ userId: 'ada' }, { userId: 'bob' }], { count: 2 }), ada);
    expect(left).toMatchObject({ rejection: { body: '{"userId":"bob"}' } });
    expect(left).not.toHaveProperty('rejection.count');
  });
});

describe('a record whose event was masked before it was sent', () => {
  const keyOf = (userId: string, sourceId = 'web') =>
    orderKey(sourceId, { userId, anonymousId: '' }, 'userId');
  const left = (more: Partial<Rejection>) => withoutSubject(record({ messageId: 'm' }, more), ada).kind;

  it('is known by its order key, of its source', () => {
    const masked = record({ messageId: 'm' }, { masked: true, key: keyOf('ada') });
    expect(withoutSubject(masked, ada)).toEqual({ kind: 'nothing', erased: 1 });
    expect(left({ masked: true, key: keyOf('bob') })).toBe('all');
    expect(left({ masked: true, key: keyOf('ada'), sourceId: 'app' })).toBe('all');
    expect(left({ masked: true })).toBe('all');
  });

  it('is known by the ids that it still shows as well', () => {
    const shown = record({ messageId: 'm', userId: 'ada' }, { masked: true, key: keyOf('bob') });
    expect(withoutSubject(shown, ada).kind).toBe('nothing');
  });

  it('a record that was not is known by its ids alone: its key may be a device that several users share', () => {
    expect(left({ key: keyOf('ada') })).toBe('all');
  });
});
