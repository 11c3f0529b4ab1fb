import { describe, expect, test } from '@jest/globals';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  SendMessageBatchCommand,
  type Message,
} from '@aws-sdk/client-sqs';
import { eventually, fifoQueue, refusal, sqs, standardQueue } from './sqs-contract.ts';

const MIB = 1_048_576;
const entry = (Id: string, MessageBody = Id) => ({ Id, MessageBody });

describe('the contents of a message', () => {
  const attributes = {
    text: { DataType: 'String', StringValue: 'ä \u{1f600}' },
    number: { DataType: 'Number.int', StringValue: '42' },
    bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 1, 254, 255]) },
  };
  const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

  test('body and attributes are received as they were sent, with checksums that the SDK verifies', async () => {
    const queue = await standardQueue();
    const body = 'tab\t, line\n, "quotes", ä, \u{1f600}';
    const sent = await queue.sendPlain(body, { MessageAttributes: attributes });
    const received = await queue.receiveOne();
    expect(received).toMatchObject({ Body: body, MessageId: sent.MessageId, MessageAttributes: attributes });
    expect(received.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes);
  });

  test('the checksum of the attributes is the documented one', async () => {
    const queue = await standardQueue();
    const sent = await queue.sendPlain('a', {
      MessageAttributes: { MyAttribute: { DataType: 'String', StringValue: 'foobar' } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
    });
    expect(sent.MD5OfMessageAttributes).toBe('adb59cd4678ea5a855436b949cd07ab6');
    expect(sent.MD5OfMessageSystemAttributes).toBe('5ae4d5d7636402d80f4eb6d213245a88');
  });

  test('system attributes of a FIFO message', async () => {
    const queue = await fifoQueue();
    const before = Date.now() - 1000;
    const sent = await queue.send('g', 'a', {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
    });
    const first = await queue.receiveOne({ VisibilityTimeout: 0 });
    const second = await queue.receiveOne();
    expect(first.Attributes).toMatchObject({
      MessageGroupId: 'g',
      MessageDeduplicationId: 'a',
      SequenceNumber: sent.SequenceNumber,
      ApproximateReceiveCount: '1',
      AWSTraceHeader: trace,
      SenderId: expect.stringMatching(/.+/),
    });
    expect(second.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      SentTimestamp: first.Attributes?.SentTimestamp,
      ApproximateFirstReceiveTimestamp: first.Attributes?.ApproximateFirstReceiveTimestamp,
    });
    expect(Number(first.Attributes?.SentTimestamp)).toBeGreaterThan(before);
    expect(first.Attributes).not.toHaveProperty('DeadLetterQueueSourceArn');
  });

  test('only the requested attributes, by either parameter', async () => {
    const queue = await fifoQueue();
    await queue.send('g', 'a', {
      MessageAttributes: {
        'app.one': attributes.text,
        'app.two': attributes.number,
        bytes: attributes.bytes,
      },
    });
    const ask = async (more: Parameters<typeof queue.receive>[0]): Promise<Message> =>
      queue.receiveOne({
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: [],
        MessageAttributeNames: [],
        ...more,
      });
    const plain = await ask({});
    expect([plain.Attributes, plain.MessageAttributes]).toEqual([undefined, undefined]);
    // The SDK's type for the legacy parameter lists the attributes of queues.
    const legacy = await ask({ AttributeNames: ['SentTimestamp' as 'All'] });
    expect(Object.keys(legacy.Attributes ?? {})).toEqual(['SentTimestamp']);
    const system = await ask({ MessageSystemAttributeNames: ['MessageGroupId', 'SequenceNumber'] });
    expect(Object.keys(system.Attributes ?? {}).sort()).toEqual(['MessageGroupId', 'SequenceNumber']);
    const byName = await ask({ MessageAttributeNames: ['bytes', 'unknown'] });
    expect(Object.keys(byName.MessageAttributes ?? {})).toEqual(['bytes']);
    const byPrefix = await ask({ MessageAttributeNames: ['app.*'] });
    expect(Object.keys(byPrefix.MessageAttributes ?? {}).sort()).toEqual(['app.one', 'app.two']);
  });

  test.each([
    ['a reserved name', { 'aws.mine': attributes.text }],
    ['two dots in a row', { 'two..dots': attributes.text }],
    ['an unknown type', { kind: { DataType: 'Date', StringValue: 'today' } }],
    ['an empty value', { empty: { DataType: 'String', StringValue: '' } }],
    ['a number that is not numeric', { number: { DataType: 'Number', StringValue: 'many' } }],
    [
      '11 of them',
      Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, attributes.text])),
    ],
  ])('attributes are refused for %s', async (_why, MessageAttributes) => {
    const queue = await standardQueue();
    const send = queue.sendPlain('a', { MessageAttributes });
    await expect(send).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });
});

describe('a valid body', () => {
  test('is not empty', async () => {
    const queue = await standardQueue();
    await expect(queue.sendPlain('')).rejects.toMatchObject(refusal('MissingParameter'));
  });

  test.each(['\u0000', '\u000b', '\ufffe', '\ud800'])(
    'does not contain the character %j',
    async (character) => {
      const queue = await standardQueue();
      await expect(queue.sendPlain(`a${character}`)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 400 },
      });
    },
  );

  test('has at most 1 MiB, with the attributes', async () => {
    const queue = await standardQueue();
    const attribute = { a: { DataType: 'String', StringValue: 'b' } };
    const room = MIB - 'aStringb'.length;
    await queue.sendPlain('x'.repeat(room), { MessageAttributes: attribute });
    expect((await queue.receiveOne()).Body).toHaveLength(room);
    const longer = queue.sendPlain('x'.repeat(room + 1), { MessageAttributes: attribute });
    await expect(longer).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });

  test('may have a smaller limit in the queue, which a batch applies to each entry', async () => {
    const queue = await standardQueue({ MaximumMessageSize: '1024' });
    const Entries = [entry('small', 'x'.repeat(1024)), entry('large', 'x'.repeat(1025))];
    const result = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    expect(result.Successful?.map(({ Id }) => Id)).toEqual(['small']);
    expect(result.Failed).toMatchObject([{ Id: 'large', Code: 'InvalidParameterValue', SenderFault: true }]);
  });
});

describe('standard queues', () => {
  test('a message in flight holds back no other; the delay of a single message holds back only that one', async () => {
    const queue = await standardQueue();
    await queue.sendPlain('later', { DelaySeconds: 900 });
    for (const body of ['a', 'b']) await queue.sendPlain(body);
    const bodies = [await queue.receiveOne(), await queue.receiveOne()].map(({ Body }) => Body);
    expect(bodies.sort()).toEqual(['a', 'b']);
    expect(
      await eventually(
        () => queue.counts(),
        ([visible]) => visible === 0,
      ),
    ).toEqual([0, 2, 1]);
  });

  test('a stale receipt handle does not delete a message that was received again', async () => {
    const queue = await standardQueue();
    await queue.sendPlain('a');
    const stale = await queue.receiveOne({ VisibilityTimeout: 0 });
    const latest = await queue.receiveOne();
    await queue.delete(stale);
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue.url,
        ReceiptHandle: latest.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect((await queue.receiveOne()).Body).toBe('a');
  });

  test('a deduplication id is refused', async () => {
    const queue = await standardQueue();
    const send = queue.sendPlain('a', { MessageDeduplicationId: 'd' });
    await expect(send).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });
});

test('an unknown receipt handle is refused', async () => {
  const queue = await standardQueue();
  const command = new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle: 'nonsense' });
  await expect(sqs.send(command)).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' });
});

test('a message can be hidden for at most 12 hours', async () => {
  const queue = await standardQueue();
  await queue.sendPlain('a');
  const { ReceiptHandle } = await queue.receiveOne();
  const VisibilityTimeout = 43_201;
  const command = new ChangeMessageVisibilityCommand({
    QueueUrl: queue.url,
    ReceiptHandle,
    VisibilityTimeout,
  });
  await expect(sqs.send(command)).rejects.toMatchObject(refusal('InvalidParameterValue'));
});
