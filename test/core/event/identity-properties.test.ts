/** Whose an event is, and whether it has come before, whatever is in it. */
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
  test('of an event is its anonymous id; without one, its user id; blanks around it do not matter', () => {
    fc.assert(
      fc.property(source, id, id, blank, blank, (sourceId, userId, anonymousId, before, after) => {
        const event = { userId: before + userId + after, anonymousId: after + anonymousId + before };
        const ids = userIds(event);
        const name = anonymousId === '' ? userId : anonymousId;
        if (name === '') expect(ids).toBeUndefined();
        else {
          expect(ids).toEqual({ userId, anonymousId });
          const expected = createHash('sha256').update(`${sourceId}\0${name}`).digest('base64url');
          expect(orderKey(sourceId, { userId, anonymousId })).toBe(expected);
        }
      }),
    );
  });

  test('is the same for a number and its text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(userIds({ userId: number })).toEqual(userIds({ userId: String(number) }));
      }),
    );
  });

  test('differs for other people and other sources', () => {
    fc.assert(
      fc.property(fc.tuple(source, id), fc.tuple(source, id), ([oneSource, one], [otherSource, other]) => {
        const isSame = oneSource === otherSource && one === other;
        const keys = [orderKey(oneSource, { userId: '', anonymousId: one })];
        keys.push(orderKey(otherSource, { userId: '', anonymousId: other }));
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
    // Through JSON, as it comes.
    .map(([messageId, more]) => JSON.parse(JSON.stringify({ messageId, ...more })) as SluiceEvent);
  const part = fc.record({
    sourceId: source,
    part: fc.nat(2),
    events: fc.array(event, { maxLength: 4 }),
  });
  /** What SDKs set anew on each retry. */
  const ofTheTry = ['sentAt', '_metadata'];
  /** All that makes two parts different ones. */
  const told = ({
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

  test('is that of the retry, whenever that is sent', () => {
    fc.assert(
      fc.property(part, fc.string(), fc.nat(), (one, sentAt, retryCount) => {
        const anew = { sentAt, _metadata: { retryCount } };
        const retry = { ...one, events: one.events.map((sent) => ({ ...sent, ...anew })) };
        expect(deduplicationId(retry)).toBe(deduplicationId(one));
      }),
    );
  });

  test('differs by source, part, order and content, and by nothing else', () => {
    fc.assert(
      fc.property(part, part, (one, other) => {
        const isSame = told(one) === told(other);
        expect(deduplicationId(one) === deduplicationId(other)).toBe(isSame);
        const swapped = { ...one, events: [...one.events].reverse() };
        expect(deduplicationId(swapped) === deduplicationId(one)).toBe(told(swapped) === told(one));
      }),
    );
  });

  test('of an event as it is: its JSON but for what is set anew', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(JSON.parse(lastingContent(one))).toEqual(lasting(one));
      }),
    );
  });

  test('fingerprints tell lists from lists, and numbers from texts', () => {
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
