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

test('a request may have what RudderStack takes: 4,000 KB', () => expect(MAX_REQUEST_BYTES).toBe(4_096_000));

test('calls are within SQS’s quotas: ten messages, a mebibyte', () => {
  expect(MAX_BATCH_ENTRIES).toBe(10);
  expect(MAX_BATCH_BYTES).toBeLessThan(1_024 * KIB);
  // Not much is given away.
  expect(MAX_BATCH_BYTES).toBeGreaterThan(0.95 * 1_024 * KIB);
});

test('the largest event is seven times what SDKs send, and fits a message with room for its envelope', () => {
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

test('what is parked or kept as rejected fits an item of the table, with 100 KB for what is beside it', () => {
  for (const bytes of [MAX_MESSAGE_BYTES, MAX_REJECTED_BODY_BYTES]) {
    expect(bytes).toBeLessThanOrEqual(ITEM - 100 * KIB);
    expect(bytes).toBeGreaterThanOrEqual(ITEM / 2);
  }
});

test('a function keeps seven seconds for a call of AWS and what follows it', () =>
  expect(CALL_MARGIN).toBe(7_000));

test('real events, of 200 bytes, fill a request before they are too many', () =>
  expect(MAX_REQUEST_EVENTS * 200).toBeLessThanOrEqual(MAX_REQUEST_BYTES));
