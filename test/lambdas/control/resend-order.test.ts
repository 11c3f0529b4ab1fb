/** The order key of a rejected event that is sent again. */
import { expect, test } from '@jest/globals';
import type { OrderBy } from '../../../contract/settings.ts';
import { resend } from '../../../lambdas/control/commands/resend.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { orderKey } from '../../../lambdas/core/event/order-key.ts';

const ids = { userId: 'ada', anonymousId: 'kiosk' };
const byUser = orderKey('web', ids, 'userId');
const byDevice = orderKey('web', ids, 'anonymousId');

const keyOf = (more: object, target: 'router' | 'destination', orderBy?: OrderBy): string | undefined => {
  const body = JSON.stringify({ ...ids, messageId: 'm1', ...more });
  const record: Rejection = {
    stage: target === 'router' ? 'ingest' : 'crm',
    id: 'r1',
    at: 0,
    sourceId: 'web',
    receivedAt: '2026-01-02T03:04:05.678Z',
    reason: 'refused',
    body,
    size: body.length,
    sha256: '',
  };
  const orderByOf = new Map(orderBy === undefined ? [] : [['web', orderBy] as const]);
  const planned = resend(record, target, { newId: () => 'new', orderByOf });
  if (!planned.ok) throw new Error('refused');
  return planned.value.lanes[0]?.[0]?.groupId;
};

test.each(['router', 'destination'] as const)('of the %s is the one that ingest would give it', (target) => {
  expect(keyOf({}, target, 'userId')).toBe(byUser);
  expect(keyOf({}, target, 'anonymousId')).toBe(byDevice);
  expect(keyOf({}, target, 'auto')).toBe(byDevice);
  expect(keyOf({ channel: 'server' }, target, 'auto')).toBe(byUser);
});

test('of a source that was removed is that of the default', () => {
  expect(keyOf({ channel: 'server' }, 'destination')).toBe(byUser);
  expect(keyOf({}, 'destination')).toBe(byDevice);
});
