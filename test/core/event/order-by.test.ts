/** Which id orders an event, for each choice of `orderBy`. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OrderBy } from '../../../contract/settings.ts';
import type { JsonObject } from '../../../lambdas/core/event/event.ts';
import { orderingId } from '../../../lambdas/core/event/order-key.ts';
import { admit, type Arrival } from '../../../lambdas/core/ingest/admit.ts';
import { planRequest } from '../../../lambdas/core/ingest/plan.ts';

const arrival = (orderBy: OrderBy): Arrival => ({
  sourceId: 'shop',
  orderBy,
  receivedAt: Date.parse('2026-01-02T03:04:05.678Z'),
  requestIp: '203.0.113.7',
  newId: () => 'new',
});

const keyOf = (event: JsonObject, orderBy: OrderBy): string => {
  const admission = admit(event, arrival(orderBy));
  if (!admission.ok) throw new Error(admission.reason);
  return admission.key;
};

/** How many messages, each of one key, become of a request. */
const keys = (events: readonly JsonObject[], orderBy: OrderBy): number => {
  const plan = planRequest(events, arrival(orderBy));
  if (plan.kind === 'refuse') throw new Error(plan.reason);
  return new Set(plan.lanes.flat().map(({ groupId }) => groupId)).size;
};

/** As RudderStack's Go SDK sends a known user: an `anonymousId` that is new for each event. */
const GO = ['8fff00fe', '0c1d7a9e', 'b7a4c2d1'].map((anonymousId, n) => ({
  type: 'track',
  event: `E${n}`,
  messageId: `go-${n}`,
  channel: 'server',
  userId: 'ada',
  anonymousId,
}));

/** One device that many people use; `more`: what each event has besides. */
const kiosk = (more: JsonObject = {}): JsonObject[] =>
  ['ada', 'bob', 'cyd', 'ada'].map((userId, n) => ({
    ...more,
    userId,
    anonymousId: 'kiosk',
    messageId: `k${n}`,
  }));

describe('auto', () => {
  test('orders the events of a server by user, whatever anonymous ids they carry', () => {
    expect(keys(GO, 'auto')).toBe(1);
    expect(keys(kiosk({ channel: 'server' }), 'auto')).toBe(3);
  });

  test.each([
    [{}],
    [{ channel: 'web' }],
    [{ channel: 'mobile' }],
    [{ channel: 'Server' }],
    [{ channel: true }],
  ])('orders events with %j by device', (more) => {
    expect(keys(kiosk(more), 'auto')).toBe(1);
  });

  test('a server’s event of nobody known is ordered by its anonymous id', () => {
    const anonymous = { channel: 'server', anonymousId: 'a1' };
    expect(keyOf({ ...anonymous, userId: ' ' }, 'auto')).toBe(keyOf({ anonymousId: 'a1' }, 'auto'));
  });

  test('a server that knows the userId alone has the key that it had before there was a choice', () => {
    expect(keyOf({ channel: 'server', userId: 'ada' }, 'auto')).toBe(keyOf({ userId: 'ada' }, 'anonymousId'));
  });
});

test('userId: a constant anonymousId does not chain its users', () => {
  expect(keys(kiosk(), 'userId')).toBe(3);
  expect(keys(GO, 'userId')).toBe(1);
});

test('anonymousId: also for servers', () => {
  expect(keys(kiosk({ channel: 'server' }), 'anonymousId')).toBe(1);
  expect(keys(GO, 'anonymousId')).toBe(3);
});

test('userId: the events before an identify are of another key than those from it on', () => {
  const [page, identify, track] = [
    { type: 'page', anonymousId: 'a1' },
    { type: 'identify', anonymousId: 'a1', userId: 'ada' },
    { type: 'track', anonymousId: 'a1', userId: 'ada' },
  ].map((event) => keyOf(event, 'userId'));
  expect(identify).toBe(track);
  expect(page).not.toBe(identify);
});

test('userId: an alias is of its new user; previousId orders nothing', () => {
  const alias = { type: 'alias', userId: 'ada', previousId: 'a1' };
  expect(keyOf(alias, 'userId')).toBe(keyOf({ userId: 'ada' }, 'userId'));
  expect(keyOf(alias, 'userId')).not.toBe(keyOf({ userId: 'a1' }, 'userId'));
});

test('where an event has one id only, the choice does not matter', () => {
  const id = fc.constantFrom('userId', 'anonymousId');
  const channel = fc.option(fc.constantFrom('server', 'web'), { nil: null });
  fc.assert(
    fc.property(id, channel, (name, sender) => {
      const event = { channel: sender, [name]: 'x' };
      const [first, ...others] = (['auto', 'userId', 'anonymousId'] as const).map((by) => keyOf(event, by));
      expect(others).toEqual([first, first]);
    }),
  );
});

test('only auto looks at the channel', () => {
  for (const channel of ['server', 'web', 7]) {
    expect(orderingId({ channel }, 'userId')).toBe('userId');
    expect(orderingId({ channel }, 'anonymousId')).toBe('anonymousId');
  }
});
