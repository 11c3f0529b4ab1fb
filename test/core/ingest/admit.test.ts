import { describe, expect, test } from '@jest/globals';
import type { JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import {
  admit,
  isDeeperThan,
  MAX_EVENT_DEPTH,
  rudderId,
  type Arrival,
} from '../../../lambdas/core/ingest/admit.ts';
import { MAX_EVENT_BYTES } from '../../../lambdas/core/base/limits.ts';

const NOW = '2026-01-02T03:04:05.678Z';
const arrival: Arrival = {
  sourceId: 'web',
  orderBy: 'auto',
  receivedAt: Date.parse(NOW),
  requestIp: '203.0.113.7',
  newId: () => 'new-id',
};

const stamped = (event: JsonObject, more: Partial<Arrival> = {}): SluiceEvent => {
  const admission = admit(event, { ...arrival, ...more });
  if (!admission.ok) throw new Error(admission.reason);
  return admission.stamped;
};
const reason = (raw: unknown): string => {
  const admission = admit(raw, arrival);
  return admission.ok ? 'admitted' : admission.reason;
};
const nested = (levels: number): JsonObject => {
  let value: JsonObject = {};
  for (let i = 1; i < levels; i++) value = { a: value };
  return value;
};

describe('stamps', () => {
  test('fills in missing fields, and leaves the others unchanged', () => {
    expect(stamped({ userId: 'u1', event: 'click', properties: { n: 1 } })).toEqual({
      userId: 'u1',
      event: 'click',
      properties: { n: 1 },
      messageId: 'new-id',
      rudderId: rudderId({ userId: 'u1', anonymousId: '' }),
      receivedAt: NOW,
      request_ip: '203.0.113.7',
      originalTimestamp: NOW,
      sentAt: NOW,
      timestamp: NOW,
    });
  });

  test('keeps the fields that the event has', () => {
    const event = {
      userId: 7,
      type: 'track',
      messageId: 'm1',
      receivedAt: '2025-01-01T00:00:00.000Z',
      request_ip: '198.51.100.1',
      originalTimestamp: '2025-01-01T00:00:01.000Z',
      sentAt: '2025-01-01T00:00:02.000Z',
      timestamp: '2025-01-01T00:00:03.000Z',
    };
    expect(stamped(event)).toEqual({ ...event, rudderId: rudderId({ userId: '7', anonymousId: '' }) });
  });

  test.each([
    [' m1 ', 'm1'],
    ['', 'new-id'],
    ['  ', 'new-id'],
    [12, 'new-id'],
    [null, 'new-id'],
  ])('messageId %j becomes %j', (given, expected) => {
    expect(stamped({ userId: 'u1', messageId: given }).messageId).toBe(expected);
  });

  test('the type is the name of the route; in a batch, each event keeps its own', () => {
    expect(stamped({ userId: 'u1', type: 'track' }, { type: 'identify' })['type']).toBe('identify');
    expect(stamped({ userId: 'u1', type: 'track' })['type']).toBe('track');
    expect(stamped({ userId: 'u1' })).not.toHaveProperty('type');
  });

  // The expected ids were computed by another program: MD5 of "u1:a1" and of "u1:", as version 4 UUIDs.
  test('rudderId is RudderStack’s', () => {
    expect(rudderId({ userId: 'u1', anonymousId: 'a1' })).toBe('f81ebcce-dafc-4607-b906-29e68e64b35f');
    expect(rudderId({ userId: 'u1', anonymousId: '' })).toBe('5eff0fc3-0944-48fa-9c04-38f62e3890ca');
    expect(stamped({ userId: ' u1 ', anonymousId: 'a1' })['rudderId']).toBe(
      'f81ebcce-dafc-4607-b906-29e68e64b35f',
    );
  });
});

describe('timestamp', () => {
  const timestamp = (event: JsonObject) => stamped({ userId: 'u1', ...event })['timestamp'];

  test('is corrected by the error of the device’s clock', () => {
    // The device is a year late; it sent the event 5 s after it happened.
    const times = { originalTimestamp: '2025-01-02T00:00:00.000Z', sentAt: '2025-01-02T00:00:05.000Z' };
    expect(timestamp(times)).toBe('2026-01-02T03:04:00.678Z');
  });

  test('is the original timestamp when the time of sending is unknown', () => {
    expect(timestamp({ originalTimestamp: '2026-01-02T03:00:00.000Z' })).toBe('2026-01-02T03:00:00.000Z');
    expect(timestamp({ originalTimestamp: '2026-01-02T03:00:00.000Z', sentAt: 'soon' })).toBe(
      '2026-01-02T03:00:00.000Z',
    );
  });

  test.each([
    [{ sentAt: '2025-01-02T00:00:05.000Z' }],
    [{ originalTimestamp: 'yesterday', sentAt: '2025-01-02T00:00:05.000Z' }],
    [{ originalTimestamp: 5, sentAt: {} }],
    [{ originalTimestamp: '-271821-04-20T00:00:00.000Z', sentAt: '+275760-09-13T00:00:00.000Z' }],
  ])('is the time of arrival for %j', (times) => {
    expect(timestamp(times)).toBe(NOW);
  });
});

describe('bad events', () => {
  test.each([[null], [1], ['text'], [true], [[]], [[{ userId: 'u1' }]], [undefined]])(
    '%j is not an event',
    (raw) => {
      expect(reason(raw)).toBe('event is not a valid rudder event');
    },
  );

  test('an event must have a user id', () => {
    expect(reason({ userId: ' ', anonymousId: '' })).toBe('request neither has anonymousId nor userId');
    expect(reason({ event: 'click' })).toBe('request neither has anonymousId nor userId');
  });

  test('the size is measured after stamping, to the byte', () => {
    const size = (pad: string) =>
      Buffer.byteLength(JSON.stringify(stamped({ userId: 'u1', messageId: 'm', pad })));
    const room = MAX_EVENT_BYTES - size('');
    expect(reason({ userId: 'u1', messageId: 'm', pad: 'x'.repeat(room) })).toBe('admitted');
    expect(reason({ userId: 'u1', messageId: 'm', pad: 'x'.repeat(room + 1) })).toBe(
      'event size exceeds max limit',
    );
    // Three bytes each.
    expect(reason({ userId: 'u1', messageId: 'm', pad: '€'.repeat(room / 3 + 1) })).toBe(
      'event size exceeds max limit',
    );
  });

  test('nesting is limited, far below the depth at which the stack overflows', () => {
    const inside = (levels: number) => ({ userId: 'u1', properties: nested(levels) });
    expect(reason(inside(MAX_EVENT_DEPTH - 1))).toBe('admitted');
    expect(reason(inside(MAX_EVENT_DEPTH))).toBe('event is not a valid rudder event');
    expect(reason(inside(1_000_000))).toBe('event is not a valid rudder event');
    expect(isDeeperThan({ a: [1] }, 2)).toBe(false);
    expect(isDeeperThan({ a: [1] }, 1)).toBe(true);
  });
});

describe('keys that are special in JavaScript', () => {
  const text =
    '{"userId":"u1","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}';

  test('stay data', () => {
    const event = stamped(JSON.parse(text) as JsonObject);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    expect(JSON.stringify(event)).toContain(text.slice(1, -1));
    expect({}).not.toHaveProperty('polluted');
  });

  test('are not a user id', () => {
    expect(reason(JSON.parse('{"__proto__":{"userId":"u1"}}'))).toBe(
      'request neither has anonymousId nor userId',
    );
  });
});
