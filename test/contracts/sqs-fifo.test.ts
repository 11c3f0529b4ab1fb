import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { eventually, fifoQueue, refusal, sqs, type TestQueue } from './sqs-contract.ts';

const hide = (queue: TestQueue, ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
  sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queue.url, ReceiptHandle, VisibilityTimeout }));

describe('groups', () => {
  test('one receive returns up to 10 messages of one group, in order', async () => {
    const queue = await fifoQueue();
    const bodies = Array.from({ length: 12 }, (_, index) => `m${index}`);
    for (const body of bodies) await queue.send('g', body);
    expect(await queue.bodies()).toEqual(bodies.slice(0, 10));
  });

  test('a message in flight holds back the rest of its group, not the other groups', async () => {
    const queue = await fifoQueue();
    for (const body of ['a0', 'a1', 'b0']) await queue.send(body.charAt(0), body);
    const a0 = await queue.receiveOne();
    expect(a0.Body).toBe('a0');
    await queue.send('a', 'a2');
    expect(await queue.bodies()).toEqual(['b0']);
    expect(await queue.bodies()).toEqual([]);
    await queue.delete(a0);
    expect(await queue.bodies({ WaitTimeSeconds: 2 })).toEqual(['a1', 'a2']);
  });

  test('all messages that were received together must be deleted before the group continues', async () => {
    const queue = await fifoQueue();
    for (const body of ['a', 'b', 'c']) await queue.send('g', body);
    const [a, b] = await queue.receive({ MaxNumberOfMessages: 2 });
    await queue.delete(a ?? {});
    expect(await queue.bodies()).toEqual([]);
    await queue.delete(b ?? {});
    expect(await queue.bodies({ WaitTimeSeconds: 2 })).toEqual(['c']);
  });

  test('the order is kept after a visibility timeout', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    for (const body of ['a', 'b', 'c']) await queue.send('g', body);
    expect(await queue.bodies({ MaxNumberOfMessages: 2 })).toEqual(['a', 'b']);
    await sleep(1200);
    expect(await queue.bodies()).toEqual(['a', 'b', 'c']);
  });

  test('a visibility of 0 makes a message available immediately, in its old position', async () => {
    const queue = await fifoQueue();
    for (const body of ['a', 'b']) await queue.send('g', body);
    const a = await queue.receiveOne();
    await hide(queue, a.ReceiptHandle, 0);
    const again = await queue.receive({ WaitTimeSeconds: 2 });
    expect(again.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount])).toEqual([
      ['a', '2'],
      ['b', '1'],
    ]);
  });

  test('a receive returns messages up to the first hidden one, never past it', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    for (const body of ['a', 'b', 'c']) await queue.send('g', body);
    const received = await queue.receive();
    await hide(queue, received[1]?.ReceiptHandle, 600);
    await sleep(1200);
    expect(await queue.bodies()).toEqual(['a']);
    expect(await queue.bodies()).toEqual([]);
  });

  test('a longer visibility stays in force until its end', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    await queue.send('g', 'a');
    const a = await queue.receiveOne();
    await hide(queue, a.ReceiptHandle, 3);
    await sleep(1500);
    expect(await queue.bodies()).toEqual([]);
    expect(await queue.bodies({ WaitTimeSeconds: 4 })).toEqual(['a']);
  });
});

describe('what a FIFO queue requires', () => {
  test('a message group id', async () => {
    const queue = await fifoQueue();
    const send = queue.send('g', 'a', { MessageGroupId: undefined });
    await expect(send).rejects.toMatchObject(refusal('MissingParameter'));
  });

  test('a deduplication id, unless it is content-based', async () => {
    const queue = await fifoQueue();
    const send = queue.send('g', 'a', { MessageDeduplicationId: undefined });
    await expect(send).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });

  test.each(['', 'with space', 'x'.repeat(129)])(
    'ids of 1 to 128 visible characters, not "%s"',
    async (id) => {
      const queue = await fifoQueue();
      const asGroup = queue.send(id, 'a');
      await expect(asGroup).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
      const asDeduplicationId = queue.send('g', 'a', { MessageDeduplicationId: id });
      await expect(asDeduplicationId).rejects.toMatchObject(refusal('InvalidParameterValue'));
    },
  );

  test('no delay on a single message', async () => {
    const queue = await fifoQueue();
    const send = queue.send('g', 'a', { DelaySeconds: 5 });
    await expect(send).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });

  test('in a batch: an entry without a group id or a deduplication id fails the whole batch', async () => {
    const queue = await fifoQueue();
    const good = { Id: 'good', MessageBody: 'a', MessageGroupId: 'g', MessageDeduplicationId: 'a' };
    for (const missing of ['MessageGroupId', 'MessageDeduplicationId']) {
      const Entries = [good, { ...good, Id: 'bad', [missing]: undefined }];
      const batch = sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      await expect(batch).rejects.toMatchObject(refusal('InvalidParameterValue'));
    }
    expect(await queue.bodies()).toEqual([]);
  });
});

test('a delay of the queue applies to every message', async () => {
  const queue = await fifoQueue({ DelaySeconds: '1' });
  await queue.send('g', 'a', { DelaySeconds: 0 });
  expect(await queue.bodies()).toEqual([]);
  expect(await queue.counts()).toEqual([0, 0, 1]);
  expect(await queue.bodies({ WaitTimeSeconds: 3 })).toEqual(['a']);
});

test('a batch keeps its order; sequence numbers have 20 digits and grow', async () => {
  const queue = await fifoQueue();
  const Entries = ['a', 'b', 'c'].map((body) => ({
    Id: body,
    MessageBody: body,
    MessageGroupId: 'g',
    MessageDeduplicationId: body,
  }));
  const { Successful } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  const numbers = Successful?.map(({ SequenceNumber }) => SequenceNumber) ?? [];
  expect(numbers).toHaveLength(3);
  for (const number of numbers) expect(number).toMatch(/^\d{20}$/);
  expect([...new Set(numbers)].sort()).toEqual(numbers);
  const received = await queue.receive();
  expect(received.map(({ Body }) => Body)).toEqual(['a', 'b', 'c']);
  expect(received.map(({ Attributes }) => Attributes?.SequenceNumber)).toEqual(numbers);
});

describe('receipt handles', () => {
  test('an expired one deletes nothing, and is refused', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    await queue.send('g', 'a');
    const stale = await queue.receiveOne();
    await sleep(1200);
    await expect(queue.delete(stale)).rejects.toMatchObject(refusal('InvalidParameterValue'));
    const latest = await queue.receiveOne({ VisibilityTimeout: 30 });
    await expect(queue.delete(stale)).rejects.toMatchObject(refusal('InvalidParameterValue'));
    await expect(hide(queue, stale.ReceiptHandle, 0)).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    });
    expect(
      await eventually(
        () => queue.counts(),
        ([, inFlight]) => inFlight === 1,
      ),
    ).toEqual([0, 1, 0]);
    await queue.delete(latest);
    expect(
      await eventually(
        () => queue.counts(),
        ([, inFlight]) => inFlight === 0,
      ),
    ).toEqual([0, 0, 0]);
  });

  test('deleting twice is not an error', async () => {
    const queue = await fifoQueue();
    await queue.send('g', 'a');
    const a = await queue.receiveOne();
    await queue.delete(a);
    await queue.delete(a);
  });
});

test('receiving again with the same ReceiveRequestAttemptId returns the same messages, even while they are hidden', async () => {
  const queue = await fifoQueue();
  for (const body of ['a', 'b']) await queue.send('g', body);
  const attempt = { ReceiveRequestAttemptId: 'attempt-1' };
  const first = await queue.receive(attempt);
  const again = await queue.receive(attempt);
  expect(again.map(({ Body, ReceiptHandle }) => [Body, ReceiptHandle])).toEqual(
    first.map(({ Body, ReceiptHandle }) => [Body, ReceiptHandle]),
  );
  expect(first).toHaveLength(2);
  expect(await queue.bodies({ ReceiveRequestAttemptId: 'attempt-2' })).toEqual([]);
});

test('counts are right while messages are in flight, and after their timeout without a receive', async () => {
  const queue = await fifoQueue({ VisibilityTimeout: '1' });
  for (const body of ['a', 'b', 'c', 'd', 'e']) await queue.send('g', body);
  await queue.receive({ MaxNumberOfMessages: 2 });
  expect(
    await eventually(
      () => queue.counts(),
      ([, inFlight]) => inFlight === 2,
    ),
  ).toEqual([3, 2, 0]);
  await sleep(1200);
  expect(
    await eventually(
      () => queue.counts(),
      ([, inFlight]) => inFlight === 0,
    ),
  ).toEqual([5, 0, 0]);
});

test('a new visibility timeout of the queue applies to the next receive', async () => {
  const queue = await fifoQueue({ VisibilityTimeout: '0' });
  await queue.send('g', 'a');
  expect(await queue.bodies()).toEqual(['a']);
  const Attributes = { VisibilityTimeout: '600' };
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
  expect(
    await eventually(
      () => queue.bodies(),
      (bodies) => bodies.length === 1,
    ),
  ).toEqual(['a']);
  expect((await queue.attributes()).VisibilityTimeout).toBe('600');
});
