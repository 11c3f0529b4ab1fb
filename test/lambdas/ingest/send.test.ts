import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from '../../../lambdas/core/base/limits.ts';
import type { QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import { sendLanes, sleep } from '../../../lambdas/ingest/send.ts';
import { ACCEPTED, FakeQueue, THROTTLED } from './fakes.ts';
import { ids, lane, message, options, ScriptedQueue } from './lanes.ts';

describe('sendLanes', () => {
  test('sends first parts together, then second parts', async () => {
    const queue = new FakeQueue();
    const outcome = await sendLanes([lane('a', 3), lane('b', 1), lane('c', 2)], options(queue));
    expect(outcome).toEqual({ kind: 'sent' });
    expect(queue.calls.map(ids)).toEqual([['a-0', 'b-0', 'c-0'], ['a-1', 'c-1'], ['a-2']]);
  });

  test('has nothing to do for no lanes', async () => {
    const queue = new FakeQueue();
    expect(await sendLanes([], options(queue))).toEqual({ kind: 'sent' });
    expect(queue.calls).toEqual([]);
  });

  test('splits by number and by bytes', async () => {
    const queue = new FakeQueue();
    const lanes = [
      ...Array.from({ length: 23 }, (_, n) => [message(`small-${n}`, 0)]),
      ...Array.from({ length: 5 }, (_, n) => [message(`large-${n}`, 0, 250_000)]),
    ];
    expect(await sendLanes(lanes, options(queue))).toEqual({ kind: 'sent' });
    expect(queue.calls.map((call) => call.length)).toEqual([10, 10, 6, 2]);
    for (const call of queue.calls) {
      expect(call.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    }
  });

  test('a failed part is sent again before the next of its lane; other lanes continue', async () => {
    let failures = 2;
    const queue = new ScriptedQueue(({ deduplicationId }) =>
      deduplicationId === 'a-0' && failures-- > 0 ? THROTTLED : ACCEPTED,
    );
    expect(await sendLanes([lane('a', 2), lane('b', 2)], options(queue))).toEqual({ kind: 'sent' });
    expect(queue.calls.map(ids)).toEqual([['a-0', 'b-0'], ['a-0', 'b-1'], ['a-0'], ['a-1']]);
  });

  test('a lost answer: the message is sent again under the same id, and stored once', async () => {
    let lost = true;
    const queue = new ScriptedQueue(() => {
      if (!lost) return ACCEPTED;
      lost = false;
      return 'lost answer';
    });
    expect(await sendLanes([lane('a', 2)], options(queue))).toEqual({ kind: 'sent' });
    expect(queue.calls.map(ids)).toEqual([['a-0'], ['a-0'], ['a-1']]);
    expect(ids(queue.stored)).toEqual(['a-0', 'a-1']);
  });

  test('pauses grow, and are drawn at random', async () => {
    const pauses: number[] = [];
    let failures = 7;
    const queue = new ScriptedQueue(() => (failures-- > 0 ? THROTTLED : ACCEPTED));
    const pause = (milliseconds: number) => {
      pauses.push(milliseconds);
      return Promise.resolve();
    };
    await sendLanes([lane('a', 1)], options(queue, { sleep: pause, random: () => 0 }));
    expect(pauses).toEqual([25, 50, 100, 200, 400, 500, 500]);
  });

  test('what SQS refuses for good is not sent again, nor what follows it; the rest is sent', async () => {
    const refused: SendResult = { ok: false, senderFault: true, reason: 'InvalidMessageContents' };
    const queue = new ScriptedQueue(({ deduplicationId }) =>
      deduplicationId === 'a-0' ? refused : ACCEPTED,
    );
    expect(await sendLanes([lane('a', 2), lane('b', 2)], options(queue))).toEqual({
      kind: 'refused',
      reason: 'InvalidMessageContents',
    });
    expect(queue.calls.map(ids)).toEqual([['a-0', 'b-0'], ['b-1']]);
  });

  test('a message without a result counts as failed', async () => {
    let first = true;
    const queue = new FakeQueue();
    const sender: QueueSender = {
      send: async (messages) => {
        const results = await queue.send(messages);
        if (!first) return results;
        first = false;
        return results.slice(1);
      },
    };
    expect(await sendLanes([lane('a', 1), lane('b', 1)], options(sender))).toEqual({ kind: 'sent' });
    expect(queue.calls.map(ids)).toEqual([['a-0', 'b-0'], ['b-0']]);
  });

  test('a bug in the sender is not taken for a fault of AWS', async () => {
    const sender: QueueSender = { send: () => Promise.reject(new TypeError('a bug')) };
    await expect(sendLanes([lane('a', 1)], options(sender))).rejects.toThrow(new TypeError('a bug'));
  });

  test('a bug in one call: the others are waited for', async () => {
    const lanes = Array.from({ length: 200 }, (_, n) => lane(`g${n}`, 1));
    let [calls, running] = [0, 0];
    const sender: QueueSender = {
      send: async (messages) => {
        if (calls++ === 3) throw new TypeError('a bug');
        running += 1;
        await sleep(5, new AbortController().signal);
        running -= 1;
        return messages.map(() => ACCEPTED);
      },
    };
    await expect(sendLanes(lanes, options(sender))).rejects.toThrow(new TypeError('a bug'));
    expect(running).toBe(0);
    expect(calls).toBe(20);
  });
});

describe('sleep', () => {
  test('ends with the signal, before its time', async () => {
    const controller = new AbortController();
    const pause = sleep(1_000_000, controller.signal);
    controller.abort();
    await expect(pause).resolves.toBeUndefined();
    await expect(sleep(1_000_000, controller.signal)).resolves.toBeUndefined();
  });

  test('ends when its time has come', async () => {
    await expect(sleep(1, new AbortController().signal)).resolves.toBeUndefined();
  });
});

test('whatever fails: order within a lane, limits of a call, and "sent" means that all is stored', async () => {
  const fate = fc.constantFrom<SendResult | 'lost answer' | 'fault'>(
    ACCEPTED,
    ACCEPTED,
    THROTTLED,
    'lost answer',
    'fault',
    {
      ok: false,
      senderFault: true,
      reason: 'refused',
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(10, 120_000, 250_000)), {
        minLength: 1,
        maxLength: 25,
      }),
      fc.array(fate, { maxLength: 120 }),
      fc.boolean(),
      async (shapes, fates, hasDeadline) => {
        const lanes = shapes.map(([parts, bytes], g) =>
          Array.from({ length: parts }, (_, n) => message(`g${g}`, n, bytes)),
        );
        const controller = new AbortController();
        let next = 0;
        const queue = new ScriptedQueue(() => {
          if (hasDeadline && next === 40) controller.abort();
          return fates[next++] ?? ACCEPTED;
        });
        const outcome = await sendLanes(lanes, options(queue, { signal: controller.signal }));

        for (const call of queue.calls) {
          expect(call.length).toBeLessThanOrEqual(MAX_BATCH_ENTRIES);
          expect(call.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
          expect(new Set(call.map(({ groupId }) => groupId)).size).toBe(call.length);
        }
        for (const expected of lanes) {
          const groupId = expected[0]?.groupId;
          const stored = ids(queue.stored.filter((one) => one.groupId === groupId));
          // A beginning of the lane: nothing is skipped, nothing overtakes, nothing is twice.
          expect(stored).toEqual(ids(expected).slice(0, stored.length));
          if (outcome.kind === 'sent') expect(stored).toHaveLength(expected.length);
        }
        if (!hasDeadline) expect(outcome.kind).not.toBe('late');
      },
    ),
  );
});
