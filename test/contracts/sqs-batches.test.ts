import { describe, expect, test } from '@jest/globals';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { eventually, fifoQueue, refusal, sqs, standardQueue } from './sqs-contract.ts';

const MIB = 1_048_576;
const entry = (Id: string, MessageBody = Id) => ({ Id, MessageBody });

describe('batches', () => {
  test.each([
    ['no entries', 'EmptyBatchRequest', []],
    [
      '11 entries',
      'TooManyEntriesInBatchRequest',
      Array.from({ length: 11 }, (_, index) => entry(`e${index}`)),
    ],
    ['equal ids', 'BatchEntryIdsNotDistinct', [entry('a'), entry('a')]],
    ['a bad id', 'InvalidBatchEntryId', [entry('a:b', 'a')]],
    ['a long id', 'InvalidBatchEntryId', [entry('x'.repeat(81))]],
    [
      'more than 1 MiB',
      'BatchRequestTooLong',
      [entry('a', 'x'.repeat(MIB / 2)), entry('b', 'x'.repeat(MIB / 2 + 1))],
    ],
  ])('%s: %s', async (_what, name, Entries) => {
    const queue = await standardQueue();
    const batch = sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    await expect(batch).rejects.toMatchObject(refusal(name));
    expect(await queue.bodies()).toEqual([]);
  });

  test('a bad entry fails alone', async () => {
    const queue = await standardQueue();
    const Entries = [entry('a'), entry('b', 'bad \u0001'), entry('c')];
    const result = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    expect(result.Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(result.Failed).toMatchObject([{ Id: 'b', Code: 'InvalidMessageContents', SenderFault: true }]);
  });

  test('deletes and changes of visibility, with a bad handle among good ones', async () => {
    const queue = await fifoQueue();
    for (const body of ['a', 'b']) await queue.send(body, body);
    const [a, b] = await queue.receive();
    const hidden = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queue.url,
        Entries: [
          { Id: 'good', ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
          { Id: 'bad', ReceiptHandle: 'nonsense', VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(hidden.Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(hidden.Failed?.map(({ Id }) => Id)).toEqual(['bad']);
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: [
          { Id: 'good', ReceiptHandle: b?.ReceiptHandle },
          { Id: 'bad', ReceiptHandle: 'nonsense' },
        ],
      }),
    );
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(deleted.Failed?.map(({ Id }) => Id)).toEqual(['bad']);
    expect(
      await eventually(
        () => queue.counts(),
        (counts) => counts[1] === 0,
      ),
    ).toEqual([1, 0, 0]);
  });
});
