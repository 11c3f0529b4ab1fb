import { describe, expect, test } from '@jest/globals';
import { readBatchAnswer, toSqsEvent } from '../../../local/lambda/sqs-event.ts';

describe("Lambda's event for SQS", () => {
  test('has the shape of the documentation', () => {
    const event = toSqsEvent(
      [
        {
          messageId: 'm',
          receiptHandle: 'r',
          body: 'b',
          md5OfBody: '5',
          attributes: { ApproximateReceiveCount: '2', SequenceNumber: '18' },
          messageAttributes: { n: { dataType: 'Number', stringValue: '1' } },
          md5OfMessageAttributes: '6',
        },
      ],
      'arn:aws:sqs:eu-west-1:000000000000:events.fifo',
    );
    expect(event).toEqual({
      Records: [
        {
          messageId: 'm',
          receiptHandle: 'r',
          body: 'b',
          md5OfBody: '5',
          attributes: { ApproximateReceiveCount: '2', SequenceNumber: '18' },
          messageAttributes: {
            n: { dataType: 'Number', stringValue: '1', stringListValues: [], binaryListValues: [] },
          },
          md5OfMessageAttributes: '6',
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:events.fifo',
          awsRegion: 'eu-west-1',
        },
      ],
    });
  });
});

describe("a function's answer about its batch", () => {
  const batch = new Set(['a', 'b']);
  const item = (itemIdentifier: unknown): unknown => ({ batchItemFailures: [{ itemIdentifier }] });

  test.each([
    ['null', null],
    ['nothing', undefined],
    ['an empty object', {}],
    ['a null list', { batchItemFailures: null }],
    ['an empty list', { batchItemFailures: [] }],
  ])('%s is success', (_, payload) => {
    expect(readBatchAnswer(payload, batch)).toEqual({ kind: 'read', failed: new Set() });
  });

  test('names what failed', () => {
    expect(readBatchAnswer(item('b'), batch)).toEqual({ kind: 'read', failed: new Set(['b']) });
  });

  test.each([
    ['text', 'ok', /not an object/],
    ['a list', [], /not an object/],
    ['a list that is none', { batchItemFailures: 'a' }, /not a list/],
    ['a null identifier', item(null), /\[0\]\.itemIdentifier is missing or empty/],
    ['an empty identifier', item(''), /missing or empty/],
    ['a number', item(1), /missing or empty/],
    ['a wrong key', { batchItemFailures: [{ itemId: 'a' }] }, /missing or empty/],
    ['null in the list', { batchItemFailures: [null] }, /missing or empty/],
    ['an unknown identifier', item('c'), /names no message of the batch: c/],
  ])('%s fails the whole batch', (_, payload, why) => {
    expect(readBatchAnswer(payload, batch)).toEqual({
      kind: 'malformed',
      why: expect.stringMatching(why),
    });
  });
});
