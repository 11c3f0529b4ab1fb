import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from '../../../lambdas/core/limits.ts';
import {
  InfraFault,
  type OutgoingMessage,
  type QueueSender,
  type SendResult,
} from '../../../lambdas/core/ports.ts';
import { sendLanes, sleep, type SendOptions } from '../../../lambdas/ingest/send.ts';
import { ACCEPTED, FakeQueue, THROTTLED } from './fakes.ts';

const message = (groupId: string, n: number, bytes = 10): OutgoingMessage => ({
  groupId,
  deduplicationId: `${groupId}-${n}`,
  body: 'x'.repeat(bytes),
});
const lane = (groupId: string, parts: number) => Array.from({ length: parts }, (_, n) => message(groupId, n));
const ids = (messages: readonly OutgoingMessage[]) => messages.map(({ deduplicationId }) => deduplicationId);

const options = (sender: QueueSender, more: Partial<SendOptions> = {}): SendOptions => ({
  sender,
  signal: new AbortController().signal,
  sleep: () => Promise.resolve(),
  random: () => 0.5,
  ...more,
});

/** Does with each message what `script` says, and stores those that it accepts. */
class ScriptedQueue extends FakeQueue {
  readonly #script: (message: OutgoingMessage) => SendResult | 'lost answer' | 'fault';

  constructor(script: (message: OutgoingMessage) => SendResult | 'lost answer' | 'fault') {
    super();
    this.#script = script;
  }

  override send(messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> {
    this.calls.push(messages);
    const planned = messages.map((one) => this.#script(one));
    if (planned.includes('fault')) return Promise.reject(new InfraFault('the call failed'));
    messages.forEach((one, i) => {
      const result = planned[i];
      if (result === 'lost answer' || (typeof result === 'object' && result.ok)) this.store(one);
    });
    if (planned.includes('lost answer')) return Promise.reject(new InfraFault('the answer was lost'));
    return Promise.resolve(planned.filter((result) => typeof result === 'object'));
  }
}

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

  test('a failed part is sent again before the next of its lane; other lanes go on', async () => {
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
});

describe('the deadline', () => {
  test('ends the retries', async () => {
    const controller = new AbortController();
    let tries = 0;
    const queue = new ScriptedQueue(() => {
      if (++tries === 3) controller.abort();
      return 'fault';
    });
    const outcome = await sendLanes([lane('a', 2)], options(queue, { signal: controller.signal }));
    expect(outcome).toEqual({ kind: 'late', reason: 'the call failed' });
    expect(queue.calls).toHaveLength(3);
  });

  test('holds against a sender that never answers', async () => {
    const controller = new AbortController();
    const sender: QueueSender = {
      send: () => {
        setImmediate(() => controller.abort());
        return new Promise(() => undefined);
      },
    };
    const outcome = await sendLanes([lane('a', 1)], options(sender, { signal: controller.signal }));
    expect(outcome).toEqual({
      kind: 'late',
      reason: 'SQS had not answered when the deadline of the request came',
    });
  });

  test('lets no further call begin', async () => {
    const controller = new AbortController();
    const queue = new ScriptedQueue(() => {
      controller.abort();
      return ACCEPTED;
    });
    const lanes = Array.from({ length: 500 }, (_, n) => lane(`g${n}`, 2));
    const outcome = await sendLanes(lanes, options(queue, { signal: controller.signal }));
    expect(outcome.kind).toBe('late');
    // The ten that had begun together.
    expect(queue.calls.length).toBeLessThanOrEqual(10);
  });

  test('is given to the sender', async () => {
    const { signal } = new AbortController();
    const seen: (AbortSignal | undefined)[] = [];
    const sender: QueueSender = {
      send: (messages, given) => {
        seen.push(given);
        return Promise.resolve(messages.map(() => ACCEPTED));
      },
    };
    await sendLanes([lane('a', 1)], options(sender, { signal }));
    expect(seen).toEqual([signal]);
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
