import { describe, expect, it } from '@jest/globals';
import { BatchingSender } from '../../lambdas/aws/batching-sender.ts';
import { InfraFault, MessageRefused } from '../../lambdas/core/base/faults.ts';
import type { OutgoingMessage, SendResult } from '../../lambdas/core/base/messages.ts';

const message = (groupId: string, bytes = 1): OutgoingMessage => ({
  groupId,
  deduplicationId: groupId,
  body: 'x'.repeat(bytes),
});

/** The result for each message when they are sent together: 'taken', or the error. */
const outcomes = (
  messages: readonly OutgoingMessage[],
  send: (messages: readonly OutgoingMessage[]) => Promise<readonly SendResult[]>,
): Promise<readonly unknown[]> => {
  const sender = new BatchingSender({ send });
  const sending = messages.map((one) =>
    sender.send(one).then(
      () => 'taken',
      (error: unknown) => error,
    ),
  );
  return Promise.all(sending);
};

describe('BatchingSender', () => {
  it('sends messages given at about the same time in one call', async () => {
    const calls: string[][] = [];
    const messages = Array.from({ length: 12 }, (_, i) => message(`g${i}`));
    const found = await outcomes(messages, (call) => {
      calls.push(call.map(({ groupId }) => groupId));
      return Promise.resolve(call.map(() => ({ ok: true })));
    });
    expect(found).toEqual(messages.map(() => 'taken'));
    expect(calls.map(({ length }) => length)).toEqual([10, 2]);
  });

  it('refuses a message that SQS does not accept, with the error of SQS, and none of its neighbours', async () => {
    const results: Record<string, SendResult> = {
      fine: { ok: true },
      bad: { ok: false, senderFault: true, reason: 'InvalidMessageContents: not allowed' },
      unlucky: { ok: false, senderFault: false, reason: 'InternalError: try again' },
    };
    const messages = ['fine', 'bad', 'unlucky', 'fine'].map((name) => message(name));
    const found = await outcomes(messages, (call) =>
      Promise.resolve(call.flatMap(({ groupId }) => results[groupId] ?? [])),
    );
    expect(found).toEqual([
      'taken',
      new MessageRefused('SendMessageBatch refused the message: InvalidMessageContents: not allowed'),
      new InfraFault('SendMessageBatch failed: InternalError: try again'),
      'taken',
    ]);
    expect(found.map((one) => one instanceof MessageRefused)).toEqual([false, true, false, false]);
    expect(found.map((one) => one instanceof InfraFault)).toEqual([false, false, true, false]);
  });

  it('fails only the messages of a call that fails, and waits for every call', async () => {
    const large = 400_000;
    const messages = ['a', 'b', 'c', 'd'].map((name) => message(name, large));
    const down = new InfraFault('SendMessageBatch failed: down');
    let ended = 0;
    const found = await outcomes(messages, async (call) => {
      if (call[0]?.groupId === 'a') throw down;
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended += 1;
      return call.map(() => ({ ok: true }));
    });
    expect(found).toEqual([down, down, 'taken', 'taken']);
    expect(ended).toBe(1);
  });
});
