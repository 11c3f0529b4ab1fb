import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { MAX_REQUEST_EVENTS, planRequest, type Plan } from '../../../lambdas/core/ingest/plan.ts';
import { MAX_MESSAGE_BYTES } from '../../../lambdas/core/base/limits.ts';
import type { Arrival } from '../../../lambdas/core/ingest/admit.ts';

const newArrival = (): Arrival => {
  let ids = 0;
  return {
    sourceId: 'web',
    orderBy: 'auto',
    receivedAt: Date.parse('2026-01-02T03:04:05.678Z'),
    requestIp: '203.0.113.7',
    newId: () => `new-${ids++}`,
  };
};

const sent = (events: readonly unknown[], arrival = newArrival()): Extract<Plan, { kind: 'send' }> => {
  const plan = planRequest(events, arrival);
  if (plan.kind === 'refuse') throw new Error(`refused: ${plan.reason}`);
  return plan;
};

/** The `n` of the events in each message, lane by lane; -n: recorded as rejected. */
const contents = ({ lanes }: Extract<Plan, { kind: 'send' }>): number[][][] =>
  lanes.map((lane) =>
    lane.map(({ body }) => {
      const envelope = parseEnvelope(body);
      if (envelope === undefined) throw new Error('not an envelope');
      if (envelope.kind === 'events') return envelope.events.map((event) => Number(event['n']));
      const raw = JSON.parse(envelope.body) as { n: number } | { n: number }[];
      return [raw].flat().map(({ n }) => -n);
    }),
  );

describe('planRequest', () => {
  test('packs the events of one user into one message, in order', () => {
    const plan = sent([
      { n: 1, anonymousId: 'a' },
      { n: 2, anonymousId: 'b' },
      { n: 3, anonymousId: 'a', userId: 'u1' },
    ]);
    expect(contents(plan)).toEqual([[[1, 3]], [[2]]]);
    expect(plan).toMatchObject({ accepted: 3, rejected: 0 });
  });

  test('splits events that do not fit into parts of one lane', () => {
    const pad = 'x'.repeat(100_000);
    const plan = sent([1, 2, 3, 4, 5].map((n) => ({ n, userId: 'u1', pad })));
    expect(contents(plan)).toEqual([[[1, 2], [3, 4], [5]]]);
    expect(new Set(plan.lanes.flat().map(({ deduplicationId }) => deduplicationId)).size).toBe(3);
  });

  test('a part is recognized by its own events, whatever the other parts contain', () => {
    const ids = (...values: string[]) =>
      sent(values.map((value) => ({ messageId: value, userId: 'u1', pad: value.repeat(150_000) }))).lanes.map(
        (lane) => lane.map(({ deduplicationId }) => deduplicationId),
      );
    const [[first = '', second = ''] = []] = ids('a', 'b');
    expect(ids('a', 'c')).toEqual([[first, expect.not.stringContaining(second)]]);
    expect(ids('c', 'b')).toEqual([[expect.not.stringContaining(first), second]]);
  });

  test('a bad event does not affect the good ones', () => {
    const plan = sent([{ n: 1, userId: 'u1' }, { n: 2 }, { n: 3, userId: 'u1' }]);
    expect(contents(plan)).toEqual([[[1, 3]], [[-2]]]);
    expect(plan).toMatchObject({ accepted: 2, rejected: 1 });
  });

  test.each([
    ['no events', [], 'empty batch payload'],
    ['a first event without a user id', [{}, 5], 'request neither has anonymousId nor userId'],
    ['a first item that is not an event', [5, {}], 'event is not a valid rudder event'],
    [
      'an event that is too large',
      [{ userId: 'u', pad: 'x'.repeat(250_000) }],
      'event size exceeds max limit',
    ],
  ])('refuses %s with RudderStack’s text for the first problem', (_, events, reason) => {
    expect(planRequest(events, newArrival())).toEqual({ kind: 'refuse', reason });
  });

  test('accepts 20,000 events and no more', () => {
    const events = Array.from({ length: MAX_REQUEST_EVENTS }, (_, n) => ({ n, userId: 'u1' }));
    expect(sent(events).accepted).toBe(MAX_REQUEST_EVENTS);
    expect(planRequest([...events, { userId: 'u1' }], newArrival())).toEqual({
      kind: 'refuse',
      reason: 'request size exceeds max limit',
    });
  });
});

describe('a retry of the request', () => {
  const ids = (events: readonly unknown[], arrival: Arrival) =>
    sent(events, arrival)
      .lanes.flat()
      .map(({ deduplicationId }) => deduplicationId);

  test('has the same deduplication ids, at another time and from another address', () => {
    const events = [
      { userId: 'u1', messageId: 'm1', sentAt: '2026-01-01T00:00:00.000Z' },
      { messageId: 'm2' },
      { userId: 'u2', messageId: 'm3' },
    ];
    const retry = {
      ...newArrival(),
      receivedAt: Date.parse('2026-01-02T03:05:00.000Z'),
      requestIp: '192.0.2.1',
    };
    const resent = events.map((event) => ({ ...event, sentAt: '2026-01-01T00:00:10.000Z' }));
    expect(ids(resent, retry)).toEqual(ids(events, newArrival()));
  });

  test('events without a messageId are never taken for repetitions', () => {
    const arrival = newArrival();
    const click = [{ userId: 'u1', event: 'click' }];
    expect(ids(click, arrival)).not.toEqual(ids(click, arrival));
  });
});

test('every event is in exactly one message, in its user’s order, whatever the request', () => {
  const id = fc.constantFrom('a', 'b', 'c', ' a ', '', 7, null, true, undefined);
  const event = fc.record(
    {
      userId: id,
      anonymousId: id,
      messageId: fc.constantFrom('m1', 'm2', '', 5),
      pad: fc.nat(3).map((n) => '€"\uFFFE'.repeat(n * 15_000)),
      more: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (made) => {
      const events = made.map((value, i) => ({ ...value, n: i + 1 }));
      const plan = planRequest(events, newArrival());
      if (plan.kind === 'refuse') {
        expect(events.every((raw) => planRequest([raw], newArrival()).kind === 'refuse')).toBe(true);
        return;
      }
      const groups = plan.lanes.map((lane) => new Set(lane.map(({ groupId }) => groupId)));
      // One lane per group, one group per lane.
      expect(groups.every((group) => group.size === 1)).toBe(true);
      expect(new Set(groups.flatMap((group) => [...group])).size).toBe(plan.lanes.length);
      const messages = plan.lanes.flat();
      expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(messages.length);
      for (const { body } of messages) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);

      const packed: number[] = [];
      let rejected = 0;
      for (const lane of plan.lanes) {
        const numbers = lane.flatMap(({ body }) => {
          const envelope = parseEnvelope(body);
          if (envelope?.kind === 'rejected') rejected++;
          return envelope?.kind === 'events' ? envelope.events.map((one) => Number(one['n'])) : [];
        });
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        packed.push(...numbers);
      }
      const good = events.filter((raw) => planRequest([raw], newArrival()).kind === 'send').map(({ n }) => n);
      expect(packed.sort((a, b) => a - b)).toEqual(good);
      expect(rejected).toBe(events.length - good.length);
      expect(plan).toMatchObject({ accepted: good.length, rejected });
    }),
    { numRuns: 50 },
  );
});
