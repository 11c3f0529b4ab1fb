import { describe, expect, test } from '@jest/globals';
import { deduplicationId } from '../../../lambdas/core/event/deduplication-id.ts';

const event = { messageId: 'm1', userId: 'u1', event: 'click', sentAt: '2026-01-01T00:00:00.000Z' };
const part = { sourceId: 'web', part: 0, events: [event] };

describe('deduplicationId', () => {
  test('is equal for a retry, on which the SDK sets another sentAt', () => {
    const retry = { ...event, sentAt: '2026-01-01T00:00:30.000Z' };
    expect(deduplicationId({ ...part, events: [retry] })).toBe(deduplicationId(part));
  });

  test("is equal for a retry of Segment's SDK in browsers, which counts its attempts in the event", () => {
    const tried = (retryCount: number) => ({ ...event, _metadata: { bundled: [], retryCount } });
    expect(deduplicationId({ ...part, events: [tried(1)] })).toBe(
      deduplicationId({ ...part, events: [tried(2)] }),
    );
  });

  test.each([
    ['source', { ...part, sourceId: 'app' }],
    ['part', { ...part, part: 1 }],
    ['message id', { ...part, events: [{ ...event, messageId: 'm2' }] }],
    // An SDK that repeats its ids: the events are different nevertheless.
    ['content', { ...part, events: [{ ...event, event: 'buy' }] }],
    ['number of events', { ...part, events: [event, event] }],
  ])('differs by %s', (_, other) => {
    expect(deduplicationId(other)).not.toBe(deduplicationId(part));
  });

  test('differs by lone surrogates, which become one character in UTF-8', () => {
    const [one, other] = ['\ud800', '\ud801'].map((name) =>
      deduplicationId({ ...part, events: [{ ...event, name }] }),
    );
    expect(one).not.toBe(other);
  });

  test('is a valid deduplication id for SQS', () => {
    expect(deduplicationId(part)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
