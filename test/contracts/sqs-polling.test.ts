import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { fifoQueue, refusal, sqs, standardQueue } from './sqs-contract.ts';

describe('long polling', () => {
  test('a send wakes it', async () => {
    const queue = await fifoQueue();
    const waiting = queue.bodies({ WaitTimeSeconds: 20 });
    await sleep(200);
    await queue.send('g', 'a');
    expect(await waiting).toEqual(['a']);
  });

  test('the release of a group wakes it', async () => {
    const queue = await fifoQueue();
    for (const body of ['a', 'b']) await queue.send('g', body);
    const a = await queue.receiveOne();
    const waiting = queue.bodies({ WaitTimeSeconds: 20 });
    await sleep(200);
    await queue.delete(a);
    expect(await waiting).toEqual(['b']);
  });

  test('the end of a visibility timeout wakes it', async () => {
    const queue = await fifoQueue({ VisibilityTimeout: '1' });
    await queue.send('g', 'a');
    await queue.receiveOne();
    expect(await queue.bodies({ WaitTimeSeconds: 20 })).toEqual(['a']);
  });

  test('without a message it returns nothing; the wait time of the queue is the default', async () => {
    const queue = await standardQueue({ ReceiveMessageWaitTimeSeconds: '1' });
    const start = Date.now();
    expect(await queue.bodies()).toEqual([]);
    // Not about speed: the answer must not arrive before the wait time is over.
    expect(Date.now() - start).toBeGreaterThanOrEqual(900);
  });

  // Sluice's own promise: AWS documents none, and other emulators do not keep it.
  test('a client that disconnects receives no message', async () => {
    const queue = await fifoQueue();
    const command = new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 10 });
    for (let client = 0; client < 3; client += 1) {
      const abort = new AbortController();
      const polling = sqs.send(command, { abortSignal: abort.signal });
      const ended = polling.then(
        () => 'answered',
        () => 'aborted',
      );
      await sleep(200);
      abort.abort();
      expect(await ended).toBe('aborted');
    }
    await sleep(200);
    await queue.send('g', 'a');
    const a = await queue.receiveOne();
    expect([a.Body, a.Attributes?.ApproximateReceiveCount]).toEqual(['a', '1']);
  });

  test('a message goes to one of the waiting receivers', async () => {
    const queue = await fifoQueue();
    const waiting = [1, 2, 3].map(() => queue.bodies({ WaitTimeSeconds: 2 }));
    await sleep(200);
    await queue.send('g', 'a');
    expect((await Promise.all(waiting)).flat()).toEqual(['a']);
  });
});

test.each([
  { MaxNumberOfMessages: 0 },
  { MaxNumberOfMessages: 11 },
  { WaitTimeSeconds: 21 },
  { WaitTimeSeconds: -1 },
  { VisibilityTimeout: 43_201 },
  { VisibilityTimeout: -1 },
])('%j is refused', async (more) => {
  const queue = await standardQueue();
  await expect(queue.receive(more)).rejects.toMatchObject(refusal('InvalidParameterValue'));
});
