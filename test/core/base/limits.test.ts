import { expect, test } from '@jest/globals';
import { pack } from '../../../lambdas/core/event/envelope.ts';
import { MAX_REQUEST_EVENTS } from '../../../lambdas/core/ingest/plan.ts';
import {
  CALL_MARGIN,
  MAX_BATCH_BYTES,
  MAX_BATCH_ENTRIES,
  MAX_EVENT_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_REJECTED_BODY_BYTES,
  MAX_REQUEST_BYTES,
} from '../../../lambdas/core/base/limits.ts';

const KIB = 1_024;
/** DynamoDB's limit of an item, names of attributes included. */
const ITEM = 400 * KIB;

test('a request may be as large as RudderStack accepts: 4,000 KB', () =>
  expect(MAX_REQUEST_BYTES).toBe(4_096_000));

test('calls are within SQS’s quotas: ten messages, a mebibyte', () => {
  expect(MAX_BATCH_ENTRIES).toBe(10);
  expect(MAX_BATCH_BYTES).toBeLessThan(1_024 * KIB);
  // Little of the quota is left unused.
  expect(MAX_BATCH_BYTES).toBeGreaterThan(0.95 * 1_024 * KIB);
});

test('the largest event is seven times what SDKs send, and leaves room in a message for its envelope', () => {
  expect(MAX_EVENT_BYTES).toBeGreaterThanOrEqual(7 * 32 * KIB);
  const header = {
    sourceId: 's'.repeat(100),
    receivedAt: new Date(0).toISOString(),
    transformed: true,
    replay: true,
  };
  const pad = 'x'.repeat(MAX_EVENT_BYTES - JSON.stringify({ messageId: 'm', pad: '' }).length);
  const [part, ...more] = pack(header, [{ messageId: 'm', pad }]);
  expect(more).toEqual([]);
  expect(Buffer.byteLength(part?.body ?? '')).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
});

test('a parked or rejected message fits an item of the table, with 100 KB left for other attributes', () => {
  for (const bytes of [MAX_MESSAGE_BYTES, MAX_REJECTED_BODY_BYTES]) {
    expect(bytes).toBeLessThanOrEqual(ITEM - 100 * KIB);
    expect(bytes).toBeGreaterThanOrEqual(ITEM / 2);
  }
});

test('a function reserves seven seconds for an AWS call and what follows it', () =>
  expect(CALL_MARGIN).toBe(7_000));

test('real events of 200 bytes reach the size limit of a request before the limit of their number', () =>
  expect(MAX_REQUEST_EVENTS * 200).toBeLessThanOrEqual(MAX_REQUEST_BYTES));
