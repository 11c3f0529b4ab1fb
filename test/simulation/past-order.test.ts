/** What the simulation finds wrong in a replay: each kind of it, and nothing else. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PastOrder } from './pipeline/past-order.ts';

let violations: string[];
let order: PastOrder;

beforeEach(() => {
  violations = [];
  order = new PastOrder((text) => violations.push(text));
  for (const place of [0, 1, 2])
    order.archived({ id: `u0-past-${String(place)}`, user: 0, place, isDropped: place === 2 });
});

const past = (...places: readonly number[]): readonly string[] =>
  places.map((place) => `u0-past-${String(place)}`);

describe('the order of a replay', () => {
  it('is kept by first deliveries alone, whatever is repeated', () => {
    for (const id of past(0, 1, 0, 1)) order.replayed('crm', id);
    expect(violations).toEqual([]);
    expect(order.missing(['crm'])).toEqual([]);
  });

  it('is broken by an earlier event after a later one', () => {
    for (const id of past(1, 0)) order.replayed('crm', id);
    expect(violations).toEqual(['replay: crm gets u0-past-0 after a later replayed event of u0']);
  });

  it('has what was parked before what was sent then, and nothing else', () => {
    order.accepted('crm', 0, 'u0-0');
    order.parked('crm', past(0, 2));
    order.accepted('crm', 0, 'u0-1');
    order.accepted('crm', 1, 'u1-0');
    order.parked('crm', past(1));
    order.delivered('crm', 0, 'u0-0');
    order.delivered('crm', 1, 'u1-0');
    expect(violations).toEqual([]);
    order.delivered('crm', 0, 'u0-1');
    expect(violations).toEqual([
      'replay: crm gets u0-1 before replayed event 0 of u0, which was parked when it came',
    ]);
  });

  it('asks nothing for an event that was sent twice, before and after it was parked', () => {
    order.accepted('crm', 0, 'u0-0');
    order.parked('crm', past(0));
    order.accepted('crm', 0, 'u0-0');
    order.delivered('crm', 0, 'u0-0');
    expect(violations).toEqual([]);
  });
});

describe('a replay', () => {
  it('is complete when each event was delivered or is on record, at the destinations that get it', () => {
    order.replayed('crm', past(0)[0] ?? '');
    expect(order.missing(['crm'])).toEqual(['u0-past-1, replayed to crm']);
    order.recorded({
      id: 'm:0:0:x',
      stage: 'crm',
      receivedAt: '',
      at: 0,
      reason: '400',
      sourceId: 'web',
      key: 'k',
      body: JSON.stringify({ messageId: 'u0-past-1' }),
      size: 1,
      sha256: '',
    });
    expect(order.missing(['crm'])).toEqual([]);
    expect(order.missing(['crm', 'lake'])).toHaveLength(2);
  });
});
