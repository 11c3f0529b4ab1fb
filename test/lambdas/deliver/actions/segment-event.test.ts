import { expect, it } from '@jest/globals';
import { toSegmentEvent } from '../../../../lambdas/deliver/destinations/actions/segment-event.ts';

it('has the traits of an identify where the catalogue looks for them', () => {
  const context = { traits: { email: 'ada@example.com' } };
  expect(toSegmentEvent({ type: 'identify', context })).toMatchObject({
    traits: { email: 'ada@example.com' },
    context,
  });
  expect(toSegmentEvent({ type: 'identify', context, traits: { plan: 'pro' } })).toMatchObject({
    traits: { plan: 'pro' },
  });
  expect(toSegmentEvent({ type: 'identify', context, traits: {} })).toMatchObject({
    traits: { email: 'ada@example.com' },
  });
  expect(toSegmentEvent({ type: 'track', context })).not.toHaveProperty('traits');
});

it('has the address of the request in its context, unless the event has one', () => {
  expect(toSegmentEvent({ request_ip: '203.0.113.9' })).toMatchObject({ context: { ip: '203.0.113.9' } });
  expect(toSegmentEvent({ request_ip: '203.0.113.9', context: { ip: '::1' } })).toMatchObject({
    context: { ip: '::1' },
  });
  expect(toSegmentEvent({ context: null })['context']).toEqual({});
});

it('has a time', () => {
  expect(toSegmentEvent({ originalTimestamp: 'o', receivedAt: 'r' })['timestamp']).toBe('o');
  expect(toSegmentEvent({ receivedAt: 'r' })['timestamp']).toBe('r');
  expect(toSegmentEvent({ timestamp: 't', receivedAt: 'r' })['timestamp']).toBe('t');
});
