import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { unreadableMessage } from '../../lambdas/core/rejection.ts';
import { message } from '../support/fakes.ts';

test('a message that cannot be read is kept as it is, under its own id and time', () => {
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
