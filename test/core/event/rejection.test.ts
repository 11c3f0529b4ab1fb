import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { MAX_REJECTED_BODY_BYTES } from '../../../lambdas/core/base/limits.ts';
import { kept, rejectionId, unreadableMessage } from '../../../lambdas/core/event/rejection.ts';
import { message } from '../../support/fakes.ts';

test('a message that cannot be read is kept unchanged, under its own id and time', () => {
  const body = '{"v":9}€';
  const sentAt = Date.UTC(2026, 0, 2, 3, 4, 5);
  expect(unreadableMessage('crm', message('m1', 'k', { body, sentAt }), 77)).toEqual({
    id: 'm1',
    stage: 'crm',
    receivedAt: '2026-01-02T03:04:05.000Z',
    at: 77,
    reason: 'the message is not an envelope of events that this version can read',
    sourceId: 'unknown',
    body,
    size: 10,
    sha256: createHash('sha256').update(body).digest('hex'),
  });
});

describe('the name of a rejected output', () => {
  const name = (json: string, event = 3, output = 1, id = 'm1') =>
    rejectionId({ id }, event, output, kept(json));

  test('has its position in the message and part of its content’s hash', () => {
    const sha256 = createHash('sha256').update('{}').digest('hex');
    expect(name('{}')).toBe(`m1:3:1:${sha256.slice(0, 16)}`);
  });

  test('is the same for the same position and content, and different otherwise', () => {
    expect(name('{"a":1}')).toBe(name('{"a":1}'));
    const names = [
      name('{"a":1}'),
      name('{"a":2}'),
      name('{"a":1}', 4),
      name('{"a":1}', 3, 2),
      name('{"a":1}', 3, 1, 'm2'),
    ];
    expect(new Set(names).size).toBe(5);
  });

  test('distinguishes contents that differ only after the point where they are cut off', () => {
    const long = 'x'.repeat(MAX_REJECTED_BODY_BYTES);
    expect(kept(`${long}a`).body).toBe(kept(`${long}b`).body);
    expect(name(`${long}a`)).not.toBe(name(`${long}b`));
  });

  test('is short, however long the event’s own id is', () => {
    expect(name(JSON.stringify({ messageId: 'x'.repeat(10_000) })).length).toBeLessThan(40);
  });
});
