import { describe, expect, test } from '@jest/globals';
import { fifoQueue } from './sqs-contract.ts';

describe('deduplication', () => {
  test('a second send with the same id is answered like the first, and delivered once', async () => {
    const queue = await fifoQueue();
    const first = await queue.send('g', 'a');
    const second = await queue.send('g', 'other body', { MessageDeduplicationId: 'a' });
    expect(second).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber });
    expect(await queue.bodies()).toEqual(['a']);
  });

  test('it lasts beyond the deletion of the message', async () => {
    const queue = await fifoQueue();
    const { MessageId } = await queue.send('g', 'a');
    await queue.delete(await queue.receiveOne());
    expect((await queue.send('g', 'a')).MessageId).toBe(MessageId);
    expect(await queue.bodies()).toEqual([]);
  });

  test('it spans the queue by default, and one group with DeduplicationScope=messageGroup', async () => {
    const wide = await fifoQueue();
    const narrow = await fifoQueue({
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    for (const queue of [wide, narrow])
      for (const group of ['g', 'h', 'g'])
        await queue.send(group, `from ${group}`, { MessageDeduplicationId: 'same' });
    expect(await wide.bodies()).toEqual(['from g']);
    expect((await narrow.bodies()).sort()).toEqual(['from g', 'from h']);
  });

  test('by content: equal bodies are duplicates; an explicit id takes precedence', async () => {
    const queue = await fifoQueue({ ContentBasedDeduplication: 'true' });
    const none = { MessageDeduplicationId: undefined };
    const first = await queue.send('g', 'a', none);
    expect((await queue.send('g', 'a', none)).MessageId).toBe(first.MessageId);
    expect((await queue.send('g', 'a', { MessageDeduplicationId: 'own' })).MessageId).not.toBe(
      first.MessageId,
    );
    expect(await queue.bodies()).toEqual(['a', 'a']);
  });
});
