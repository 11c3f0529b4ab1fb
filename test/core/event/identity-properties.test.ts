/** Which user an event belongs to, and whether it arrived before, whatever the event contains. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  deduplicationId,
  fingerprint,
  lastingContent,
} from '../../../lambdas/core/event/deduplication-id.ts';
import type { JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { rudderId } from '../../../lambdas/core/ingest/admit.ts';
import { orderKey, userIds } from '../../../lambdas/core/event/order-key.ts';

const blank = fc.constantFrom('', ' ', '\t', '\n ');
const id = fc
  .oneof(fc.constantFrom('a', 'b', 'a b', '7'), fc.string({ minLength: 1 }))
  .map((text) => text.trim());
const source = fc.constantFrom('web', 'app', 'we');

describe('the order key', () => {
  test('of an event is its anonymous id; without one, its user id; surrounding whitespace does not matter', () => {
    fc.assert(
      fc.property(source, id, id, blank, blank, (sourceId, userId, anonymousId, before, after) => {
        const event = { userId: before + userId + after, anonymousId: after + anonymousId + before };
        const ids = userIds(event);
        const name = anonymousId === '' ? userId : anonymousId;
        if (name === '') expect(ids).toBeUndefined();
        else {
          expect(ids).toEqual({ userId, anonymousId });
          const expected = createHash('sha256').update(`${sourceId}\0${name}`).digest('base64url');
          expect(orderKey(sourceId, { userId, anonymousId }, 'anonymousId')).toBe(expected);
        }
      }),
    );
  });

  test('is the same for a number and for that number as a string', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(userIds({ userId: number })).toEqual(userIds({ userId: String(number) }));
      }),
    );
  });

  test('differs by user and by source', () => {
    fc.assert(
      fc.property(fc.tuple(source, id), fc.tuple(source, id), ([oneSource, one], [otherSource, other]) => {
        const isSame = oneSource === otherSource && one === other;
        const keys = [orderKey(oneSource, { userId: '', anonymousId: one }, 'anonymousId')];
        keys.push(orderKey(otherSource, { userId: '', anonymousId: other }, 'anonymousId'));
        expect(new Set(keys).size).toBe(isSame ? 1 : 2);
      }),
    );
  });
});

test('a rudderId is a version 4 UUID, one for each pair of ids', () => {
  const pair = fc.record({ userId: id, anonymousId: id });
  fc.assert(
    fc.property(pair, pair, (one, other) => {
      expect(rudderId(one)).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
      const isSame = `${one.userId}:${one.anonymousId}` === `${other.userId}:${other.anonymousId}`;
      expect(rudderId(one) === rudderId(other)).toBe(isSame);
    }),
  );
});

describe('the deduplication id', () => {
  const content = fc.record(
    {
      event: fc.constantFrom('click', 'buy'),
      value: fc.jsonValue({ maxDepth: 2 }),
      sentAt: fc.string(),
      _metadata: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: [] },
  );
  const event = fc
    .tuple(fc.constantFrom('m1', 'm2', 'm3'), content)
    // Through JSON, as it arrives.
    .map(([messageId, more]) => JSON.parse(JSON.stringify({ messageId, ...more })) as SluiceEvent);
  const part = fc.record({
    sourceId: source,
    part: fc.nat(2),
    events: fc.array(event, { maxLength: 4 }),
  });
  /** The fields that SDKs set again on each retry. */
  const ofTheTry = ['sentAt', '_metadata'];
  /** Everything that distinguishes two parts. */
  const distinguishing = ({
    sourceId,
    part: number,
    events,
  }: {
    sourceId: string;
    part: number;
    events: SluiceEvent[];
  }) => JSON.stringify([sourceId, number, events.map(lasting)]);
  const lasting = (one: JsonObject) =>
    Object.fromEntries(Object.entries(one).filter(([name]) => !ofTheTry.includes(name)));

  test('is the same for a retry, whenever the retry is sent', () => {
    fc.assert(
      fc.property(part, fc.string(), fc.nat(), (one, sentAt, retryCount) => {
        const fresh = { sentAt, _metadata: { retryCount } };
        const retry = { ...one, events: one.events.map((sent) => ({ ...sent, ...fresh })) };
        expect(deduplicationId(retry)).toBe(deduplicationId(one));
      }),
    );
  });

  test('differs by source, part, order and content only', () => {
    fc.assert(
      fc.property(part, part, (one, other) => {
        const isSame = distinguishing(one) === distinguishing(other);
        expect(deduplicationId(one) === deduplicationId(other)).toBe(isSame);
        const swapped = { ...one, events: [...one.events].reverse() };
        expect(deduplicationId(swapped) === deduplicationId(one)).toBe(
          distinguishing(swapped) === distinguishing(one),
        );
      }),
    );
  });

  test('of an event covers its JSON, without the fields that a retry sets again', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(JSON.parse(lastingContent(one))).toEqual(lasting(one));
      }),
    );
  });

  test('fingerprints distinguish lists from each other, and numbers from strings', () => {
    const item = fc.oneof(fc.constantFrom('', 'a', 'b', 'ab', '1'), fc.nat(2));
    fc.assert(
      fc.property(fc.array(item, { maxLength: 3 }), fc.array(item, { maxLength: 3 }), (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(fingerprint(one) === fingerprint(other)).toBe(isSame);
        expect(fingerprint(one)).toMatch(/^[\w-]{43}$/);
      }),
    );
  });
});
