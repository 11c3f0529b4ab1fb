import { describe, expect, test } from '@jest/globals';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
  type CreateQueueCommandInput,
} from '@aws-sdk/client-sqs';
import {
  endpoint,
  eventually,
  fifoQueue,
  refusal,
  sqs,
  standardQueue,
  uniqueName,
  withDeadLetters,
} from './sqs-contract.ts';

const create = (QueueName: string, Attributes: CreateQueueCommandInput['Attributes'] = {}) =>
  sqs.send(new CreateQueueCommand({ QueueName, Attributes }));

describe('queues', () => {
  test('creating a queue again returns the same URL, unless an attribute differs', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '40' });
    const again = await create(queue.name, { FifoQueue: 'true', VisibilityTimeout: '40' });
    expect(again.QueueUrl).toBe(queue.url);
    const other = create(queue.name, { FifoQueue: 'true', VisibilityTimeout: '41' });
    await expect(other).rejects.toMatchObject(refusal('QueueNameExists'));
  });

  test('URLs can be used directly, found by name, and listed by prefix', async () => {
    const queue = await standardQueue();
    expect(new URL(queue.url).pathname).toMatch(new RegExp(`^/\\d{12}/${queue.name}$`));
    if (endpoint.includes('127.0.0.1')) expect(queue.url.startsWith(endpoint)).toBe(true);
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue.name }));
    expect(QueueUrl).toBe(queue.url);
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: queue.name }));
    expect(QueueUrls).toEqual([queue.url]);
  });

  test('lists are paged', async () => {
    const queues = await Promise.all([standardQueue(), standardQueue(), standardQueue()]);
    const prefix = { QueueNamePrefix: 'sluice-contract-', MaxResults: 1 };
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await sqs.send(new ListQueuesCommand({ ...prefix, NextToken }));
      expect(page.QueueUrls?.length).toBeLessThanOrEqual(1);
      found.push(...(page.QueueUrls ?? []));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(found).toEqual(expect.arrayContaining(queues.map(({ url }) => url)));
  });

  test('a missing queue has its own error', async () => {
    const missing = sqs.send(new GetQueueUrlCommand({ QueueName: uniqueName() }));
    await expect(missing).rejects.toMatchObject(refusal('QueueDoesNotExist'));
    const QueueUrl = `${endpoint}/000000000000/${uniqueName()}`;
    const attributes = sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    await expect(attributes).rejects.toMatchObject(refusal('QueueDoesNotExist'));
  });

  test('purge deletes all messages, at most once a minute', async () => {
    const queue = await fifoQueue();
    await queue.send('g', 'a');
    await queue.send('h', 'b');
    await queue.receiveOne();
    await sqs.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
    const total = (counts: number[]) => counts.reduce((sum, count) => sum + count);
    const counts = await eventually(
      () => queue.counts(),
      (each) => total(each) === 0,
      70_000,
    );
    expect(counts).toEqual([0, 0, 0]);
    const again = sqs.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
    await expect(again).rejects.toMatchObject(refusal('PurgeQueueInProgress', 403));
  });
});

describe('attributes', () => {
  test('of a FIFO queue, with their defaults', async () => {
    const queue = await fifoQueue();
    expect(await queue.attributes()).toMatchObject({
      QueueArn: expect.stringMatching(new RegExp(`^arn:aws[\\w-]*:sqs:[\\w-]+:\\d{12}:${queue.name}$`)),
      FifoQueue: 'true',
      VisibilityTimeout: '30',
      DelaySeconds: '0',
      MessageRetentionPeriod: '345600',
      MaximumMessageSize: '1048576',
      ReceiveMessageWaitTimeSeconds: '0',
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'queue',
      FifoThroughputLimit: 'perQueue',
      SqsManagedSseEnabled: 'true',
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      CreatedTimestamp: expect.stringMatching(/^\d{10}$/),
      LastModifiedTimestamp: expect.stringMatching(/^\d{10}$/),
    });
  });

  test('only the requested ones', async () => {
    const queue = await standardQueue();
    const AttributeNames = ['DelaySeconds' as const];
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames }),
    );
    expect(Attributes).toEqual({ DelaySeconds: '0' });
  });

  test('can be set, and are reset by an empty value', async () => {
    const { queue } = await withDeadLetters(fifoQueue, 5);
    const set = (Attributes: Record<string, string>) =>
      sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
    await set({ MessageRetentionPeriod: '1209600', ContentBasedDeduplication: 'true' });
    expect(await queue.attributes()).toMatchObject({
      MessageRetentionPeriod: '1209600',
      ContentBasedDeduplication: 'true',
    });
    await set({ RedrivePolicy: '' });
    expect(await queue.attributes()).not.toHaveProperty('RedrivePolicy');
  });

  test.each<[string, Record<string, string>]>([
    ['InvalidAttributeValue', { VisibilityTimeout: '43201' }],
    ['InvalidAttributeValue', { DelaySeconds: 'soon' }],
    ['InvalidAttributeValue', { MessageRetentionPeriod: '59' }],
    ['InvalidAttributeName', { Colour: 'red' }],
    ['InvalidAttributeName', { ContentBasedDeduplication: 'true' }],
  ])('%s: %j on a standard queue', async (name, attributes) => {
    await expect(create(uniqueName(), attributes)).rejects.toMatchObject(refusal(name));
  });

  test('the type of a queue depends on its name, and never changes', async () => {
    await expect(create(uniqueName(), { FifoQueue: 'true' })).rejects.toMatchObject(
      refusal('InvalidParameterValue'),
    );
    await expect(create(`${uniqueName()}.fifo`)).rejects.toMatchObject(refusal('InvalidParameterValue'));
    const queue = await fifoQueue();
    const change = new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { FifoQueue: 'false' } });
    await expect(sqs.send(change)).rejects.toMatchObject(refusal('InvalidAttributeValue'));
  });
});

describe('dead letters', () => {
  test('a message that was received too often moves at its next receive; its group continues', async () => {
    const { queue, dead } = await withDeadLetters(fifoQueue, 2, { VisibilityTimeout: '0' });
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793';
    const { MessageId } = await queue.send('g', 'poison', {
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
    });
    await queue.send('g', 'next');
    for (let receive = 0; receive < 2; receive += 1) expect((await queue.receiveOne()).Body).toBe('poison');
    expect(await dead.bodies()).toEqual([]);
    expect((await queue.receiveOne()).Body).toBe('next');
    const arrived = await dead.receiveOne();
    expect(arrived).toMatchObject({
      MessageId,
      Body: 'poison',
      MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
      Attributes: {
        MessageGroupId: 'g',
        MessageDeduplicationId: MessageId,
        AWSTraceHeader: trace,
        ApproximateReceiveCount: '3',
        DeadLetterQueueSourceArn: await queue.arn(),
      },
    });
    await dead.delete(arrived);
  });

  test('of a standard queue keep their timestamp', async () => {
    const { queue, dead } = await withDeadLetters(standardQueue, 1, { VisibilityTimeout: '0' });
    await queue.sendPlain('a');
    const first = await queue.receiveOne();
    expect(await queue.bodies({ WaitTimeSeconds: 1 })).toEqual([]);
    const arrived = await dead.receiveOne();
    expect(arrived.Attributes?.SentTimestamp).toBe(first.Attributes?.SentTimestamp);
  });

  test('both queues must be of one type, and the dead-letter queue must exist', async () => {
    const standard = await standardQueue();
    const arn = await standard.arn();
    const policy = (deadLetterTargetArn: string) => ({
      FifoQueue: 'true',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 }),
    });
    const mixed = create(`${uniqueName()}.fifo`, policy(arn));
    await expect(mixed).rejects.toMatchObject(refusal('InvalidParameterValue'));
    const missing = create(
      `${uniqueName()}.fifo`,
      policy(arn.replace(standard.name, `${uniqueName()}.fifo`)),
    );
    await expect(missing).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });

  test.each(['nonsense', '{}', '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:0:q","maxReceiveCount":0}'])(
    'an invalid redrive policy is refused: %s',
    async (RedrivePolicy) => {
      await expect(create(uniqueName(), { RedrivePolicy })).rejects.toMatchObject(
        refusal('InvalidParameterValue'),
      );
    },
  );

  test('the sources of a dead-letter queue can be listed', async () => {
    const { queue, dead } = await withDeadLetters(fifoQueue, 3);
    const list = async () => {
      const command = new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.url });
      return (await sqs.send(command)).queueUrls ?? [];
    };
    expect(await eventually(list, (urls) => urls.length > 0)).toEqual([queue.url]);
  });

  test('a move task moves them back, oldest first, as new messages', async () => {
    const { queue, dead } = await withDeadLetters(fifoQueue, 1, { VisibilityTimeout: '0' });
    const sent = [await queue.send('g', 'a'), await queue.send('g', 'b')].map(({ MessageId }) => MessageId);
    expect(await queue.bodies()).toEqual(['a', 'b']);
    expect(await queue.bodies({ WaitTimeSeconds: 1 })).toEqual([]);
    const SourceArn = await dead.arn();
    const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
    expect(TaskHandle).toMatch(/.+/);
    const status = async () => (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))).Results?.[0];
    const task = await eventually(status, (each) => each?.Status === 'COMPLETED');
    expect(task).toMatchObject({ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 2 });
    const back = await queue.receive({ WaitTimeSeconds: 2, VisibilityTimeout: 30 });
    expect(back.map(({ Body, Attributes }) => [Body, Attributes?.ApproximateReceiveCount])).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    for (const { MessageId } of back) expect(sent).not.toContain(MessageId);
    expect(await dead.bodies()).toEqual([]);
  });

  test('a move task needs a dead-letter queue', async () => {
    const queue = await fifoQueue();
    const command = new StartMessageMoveTaskCommand({ SourceArn: await queue.arn() });
    await expect(sqs.send(command)).rejects.toMatchObject(refusal('InvalidParameterValue'));
  });
});
