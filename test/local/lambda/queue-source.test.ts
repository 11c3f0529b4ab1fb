import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventSourceMapping } from '../../../local/lambda/event-source-mapping.ts';
import { queueSource } from '../../../local/lambda/queue-source.ts';
import { SqsService } from '../../../local/sqs/service.ts';
import { memoryStore } from '../../../local/sqs/store.ts';
import { until } from '../../../tools/driver/until.ts';
import { Workshop } from './fixtures.ts';

const QUEUE = 'events.fifo';

let shop: Workshop;
let service: SqsService;
let mapping: EventSourceMapping | undefined;
beforeEach(async () => {
  shop = new Workshop();
  service = new SqsService({ store: memoryStore() });
  await service.createQueue(QUEUE, { FifoQueue: 'true', VisibilityTimeout: '2' });
});
afterEach(async () => {
  await mapping?.close();
  mapping = undefined;
  service.close();
  await shop.close();
});

const send = async (groupId: string, body: string): Promise<void> => {
  await service.send(QUEUE, {
    groupId,
    body,
    deduplicationId: `${groupId}-${body}`,
    attributes: { kind: { dataType: 'String', stringValue: 'test' } },
  });
};

/** A real function, in its own process, that reads the local queue. */
const connect = async (code: string): Promise<void> => {
  mapping = new EventSourceMapping({
    id: 'mapping-1',
    queueArn: await service.queueArn(QUEUE),
    source: queueSource(service, QUEUE),
    target: await shop.make(code, { timeoutMs: 1_000 }),
    visibilityTimeoutMs: 2_000,
    maximumConcurrency: 4,
    reportBatchItemFailures: true,
    logger: (line) => shop.lines.push(line),
  });
};

const said = (): string[] => shop.lines.filter((line) => line.startsWith('>')).map((line) => line.slice(1));

const isEmpty = async (): Promise<boolean> => {
  const { visible, inFlight } = await service.counts(QUEUE);
  return visible + inFlight === 0;
};

const untilEmpty = (): Promise<boolean> => until('the queue to be empty', isEmpty);

describe('the local queue, a mapping and a function', () => {
  test('give the function the event that Lambda would', async () => {
    await connect(`export const handler = async (event) => { console.log('>' + JSON.stringify(event)); };`);
    await send('user', 'hello');
    await untilEmpty();
    expect(JSON.parse(said()[0] ?? '')).toEqual({
      Records: [
        {
          messageId: expect.any(String),
          receiptHandle: expect.any(String),
          body: 'hello',
          md5OfBody: '5d41402abc4b2a76b9719d911017c592',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SequenceNumber: expect.stringMatching(/^\d{20}$/),
            MessageGroupId: 'user',
            SenderId: expect.any(String),
            MessageDeduplicationId: 'user-hello',
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            kind: { dataType: 'String', stringValue: 'test', stringListValues: [], binaryListValues: [] },
          },
          md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:events.fifo',
          awsRegion: 'us-east-1',
        },
      ],
    });
  });

  test('keep the order of each group when the function crashes, loops, or fails in part', async () => {
    await connect(`export const handler = async (event) => {
      const batchItemFailures = [];
      const failed = new Set();
      for (const { messageId, body, attributes } of event.Records) {
        const group = attributes.MessageGroupId, first = attributes.ApproximateReceiveCount === '1';
        if (body === '1' && first && group === 'crash') process.exit(1);
        if (body === '1' && first && group === 'loop') for (;;);
        if (failed.has(group) || (body === '1' && first && group === 'part')) {
          failed.add(group);
          batchItemFailures.push({ itemIdentifier: messageId });
        } else console.log('>' + group + body);
      }
      return { batchItemFailures };
    };`);
    const groups = ['crash', 'loop', 'part', 'calm'];
    for (const body of ['0', '1', '2', '3']) for (const group of groups) await send(group, body);
    await untilEmpty();
    for (const group of groups) {
      // A batch that failed as a whole is redelivered, including messages that were processed. First deliveries are in order.
      const firsts = [...new Set(said().filter((line) => line.startsWith(group)))];
      expect(firsts).toEqual(['0', '1', '2', '3'].map((body) => group + body));
    }
  });

  test('say so when a message cannot be deleted any more', async () => {
    await send('user', 'hello');
    const source = queueSource(service, QUEUE);
    const signal = new AbortController().signal;
    const [message] = await source.receive({ maxMessages: 10, waitSeconds: 0, signal });
    await service.changeVisibility(QUEUE, message?.receiptHandle ?? '', 0);
    await expect(source.delete([message?.receiptHandle ?? ''])).rejects.toThrow(
      /1 of 1 messages not deleted; the first: /,
    );
  });
});
