/** The queue of a stage: what is one call of SQS, what each caller learns of it, and what a trial receives. */
import { describe, expect, it } from '@jest/globals';
import { SqsStageQueue } from '../../lambdas/aws/stage-queue.ts';
import { AccessFault, InfraFault } from '../../lambdas/core/base/faults.ts';
import { message } from '../support/fakes.ts';

interface Asked {
  readonly operation: string;
  readonly input: { readonly Entries: readonly { readonly Id: string; readonly ReceiptHandle: string }[] };
}

/** A queue that answers each call as `answer` says, and what it was asked. */
const recorded = (answer: (asked: Asked) => unknown) => {
  const asked: Asked[] = [];
  const queue = new SqsStageQueue(async (operation, input) => {
    const one = { operation, input } as Asked;
    asked.push(one);
    return Promise.resolve(answer(one));
  }, 'url');
  return { queue, asked };
};

const allDone = ({ input }: Asked) => ({ Successful: input.Entries.map(({ Id }) => ({ Id })) });
const messages = (n: number) => Array.from({ length: n }, (_, i) => message(`m${i}`, `u${i}`));
const handles = (asked: readonly Asked[]) =>
  asked.map(({ operation, input }) => [operation, input.Entries.map(({ ReceiptHandle }) => ReceiptHandle)]);
const outcomes = (work: readonly Promise<unknown>[]) =>
  Promise.all(
    work.map((one) =>
      one.then(
        () => 'done',
        (error: unknown) => error,
      ),
    ),
  );

describe('deletions of one turn', () => {
  it('are one call for ten', async () => {
    const { queue, asked } = recorded(allDone);
    const all = messages(12);
    await Promise.all(all.map((one) => queue.delete(one)));
    const of = all.map(({ receiptHandle }) => receiptHandle);
    expect(handles(asked)).toEqual([
      ['DeleteMessageBatch', of.slice(0, 10)],
      ['DeleteMessageBatch', of.slice(10)],
    ]);
    for (const { input } of asked)
      expect(new Set(input.Entries.map(({ Id }) => Id)).size).toBe(input.Entries.length);
  });

  it('that begin when the call before has ended are a call of their own', async () => {
    const { queue, asked } = recorded(allDone);
    for (const one of messages(2)) await queue.delete(one);
    expect(asked).toHaveLength(2);
  });

  it('fail each alone', async () => {
    const { queue } = recorded(() => ({
      Successful: [{ Id: '0' }],
      Failed: [
        { Id: '1', SenderFault: true, Code: 'ReceiptHandleIsInvalid', Message: 'no' },
        { Id: '2', SenderFault: true, Code: 'AccessDenied', Message: 'not yours' },
      ],
    }));
    const found = await outcomes(messages(4).map((one) => queue.delete(one)));
    expect(found).toEqual([
      'done',
      new InfraFault('DeleteMessageBatch failed: ReceiptHandleIsInvalid: no'),
      new AccessFault('DeleteMessageBatch failed: AccessDenied: not yours'),
      new InfraFault('DeleteMessageBatch failed: SQS did not mention it'),
    ]);
    for (const error of found.slice(1)) expect(error).toBeInstanceOf(InfraFault);
  });

  it('all fail with their call', async () => {
    const { queue } = recorded(() => {
      throw new Error('down');
    });
    const found = await outcomes(messages(2).map((one) => queue.delete(one)));
    expect(found).toEqual([1, 2].map(() => new InfraFault('DeleteMessageBatch failed: Error: down')));
  });
});

describe('changes of visibility of one turn', () => {
  it('are one call, each with its own time', async () => {
    const { queue, asked } = recorded(allDone);
    const [a, b, c] = messages(3);
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were made');
    await Promise.all([queue.setVisibility([a, b], 5), queue.setVisibility([c], 70)]);
    expect(asked).toEqual([
      {
        operation: 'ChangeMessageVisibilityBatch',
        input: {
          QueueUrl: 'url',
          Entries: [
            { Id: '0', ReceiptHandle: a.receiptHandle, VisibilityTimeout: 5 },
            { Id: '1', ReceiptHandle: b.receiptHandle, VisibilityTimeout: 5 },
            { Id: '2', ReceiptHandle: c.receiptHandle, VisibilityTimeout: 70 },
          ],
        },
      },
    ]);
  });

  it('fail for whoever asked for one that failed', async () => {
    const { queue } = recorded(() => ({ Successful: [{ Id: '0' }, { Id: '2' }] }));
    const [a, b, c] = messages(3);
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were made');
    expect(await outcomes([queue.setVisibility([a, b], 5), queue.setVisibility([c], 5)])).toEqual([
      new InfraFault('ChangeMessageVisibilityBatch failed: SQS did not mention it'),
      'done',
    ]);
  });

  it('are no call without a message', async () => {
    const { queue, asked } = recorded(allDone);
    await queue.setVisibility([], 5);
    expect(asked).toEqual([]);
  });
});

describe('messages that a trial receives', () => {
  const receiving = (answer: object, inputs: unknown[] = []) =>
    new SqsStageQueue((_, input) => (inputs.push(input), Promise.resolve(answer)), 'url');

  it('are up to 10, hidden for the given time, with all attributes of a Lambda batch', async () => {
    const inputs: unknown[] = [];
    const queue = receiving(
      {
        Messages: [
          {
            MessageId: 'm1',
            ReceiptHandle: 'r1',
            Body: '{}',
            Attributes: {
              MessageGroupId: 'u',
              SequenceNumber: '18880000000000000001',
              ApproximateReceiveCount: '7',
              SentTimestamp: '1795305600000',
            },
          },
        ],
      },
      inputs,
    );
    expect(await queue.receive(70)).toEqual([
      {
        ...{ id: 'm1', receiptHandle: 'r1', body: '{}', groupId: 'u' },
        ...{ sequenceNumber: '18880000000000000001', receiveCount: 7, sentAt: 1_795_305_600_000 },
      },
    ]);
    expect(inputs).toMatchObject([{ QueueUrl: 'url', MaxNumberOfMessages: 10, VisibilityTimeout: 70 }]);
  });

  it('are none if the queue is empty', async () => {
    expect(await receiving({}).receive(70)).toEqual([]);
  });

  it('cannot be received from a queue that fails, which is a fault of AWS', async () => {
    const queue = new SqsStageQueue(() => Promise.reject(new Error('no')), 'url');
    await expect(queue.receive(70)).rejects.toThrow(InfraFault);
  });
});
