/** The adapter over SQS's attributes, against a stand-in that answers as the service does. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SqsQueueCounts } from '../../lambdas/aws/queue-counts.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { failed, StandIn } from './stand-in.ts';

let api: StandIn;
beforeEach(async () => {
  api = await StandIn.open();
  // Its log lines.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

describe('a queue', () => {
  const counts = () => new SqsQueueCounts(api.sqs, `${api.url}/123456789012/`);

  it('has the number of its messages', async () => {
    api.answer = {
      body: {
        Attributes: {
          ApproximateNumberOfMessages: '12',
          ApproximateNumberOfMessagesNotVisible: '3',
          ApproximateNumberOfMessagesDelayed: '2',
        },
      },
    };
    expect(await counts().read('crm.fifo')).toEqual({ visible: 12, inFlight: 3, delayed: 2 });
    expect(api.asked[0]?.body).toEqual({
      QueueUrl: `${api.url}/123456789012/crm.fifo`,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    });
    api.answer = { body: {} };
    expect(await counts().read('crm.fifo')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('has the name of its dead-letter queue', async () => {
    const arn = 'arn:aws:sqs:eu-west-1:123456789012:crm-dead.fifo';
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1000 });
    api.answer = { body: { Attributes: { RedrivePolicy } } };
    expect(await counts().deadLetterQueueName('crm.fifo')).toBe('crm-dead.fifo');
    api.answer = { body: {} };
    await expect(counts().deadLetterQueueName('crm.fifo')).rejects.toThrow(/no dead-letter queue/);
  });

  it('that does not exist is no fault; any other error is', async () => {
    const missing = failed('com.amazonaws.sqs#QueueDoesNotExist', 400);
    api.answer = {
      ...missing,
      headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
      body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'no' },
    };
    expect(await counts().read('gone.fifo')).toBeUndefined();
    expect(await counts().deadLetterQueueName('gone.fifo')).toBeUndefined();
    api.answer = failed('InternalFailure', 500);
    await expect(counts().read('crm.fifo')).rejects.toThrow(InfraFault);
  });
});
