import { describe, expect, test } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import { sendLanes, sleep } from '../../../lambdas/ingest/send.ts';
import { ACCEPTED } from './fakes.ts';
import { lane, options, ScriptedQueue } from './lanes.ts';

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

  const TOO_LATE = 'SQS had not answered when the deadline of the request came';

  /** A sender whose calls end some time after they were aborted, with the result of `ended`. */
  const heeding = (controller: AbortController, ended: () => readonly SendResult[]): QueueSender => ({
    send: async (_, signal) => {
      setImmediate(() => controller.abort());
      await sleep(1_000_000, signal ?? controller.signal);
      await sleep(5, new AbortController().signal);
      return ended();
    },
  });

  test('is followed by the end of the pending calls, and only then by the answer', async () => {
    const controller = new AbortController();
    let ended = false;
    const sender = heeding(controller, () => {
      ended = true;
      throw new InfraFault('SendMessageBatch failed: AbortError');
    });
    const outcome = await sendLanes([lane('a', 1)], options(sender, { signal: controller.signal }));
    expect(outcome).toEqual({ kind: 'late', reason: TOO_LATE });
    expect(ended).toBe(true);
  });

  test('leaves what SQS accepts a moment later accepted', async () => {
    const controller = new AbortController();
    const sender = heeding(controller, () => [ACCEPTED]);
    const outcome = await sendLanes([lane('a', 1)], options(sender, { signal: controller.signal }));
    expect(outcome).toEqual({ kind: 'sent' });
  });

  test('a call that does not end when it is aborted is given up at the last moment', async () => {
    const [deadline, end] = [new AbortController(), new AbortController()];
    const sender: QueueSender = {
      send: () => {
        setImmediate(() => deadline.abort());
        return new Promise(() => undefined);
      },
    };
    let answered = false;
    const sending = sendLanes(
      [lane('a', 1)],
      options(sender, { signal: deadline.signal, end: end.signal }),
    ).finally(() => {
      answered = true;
    });
    await sleep(5, new AbortController().signal);
    expect({ deadline: deadline.signal.aborted, answered }).toEqual({ deadline: true, answered: false });
    end.abort();
    expect(await sending).toEqual({ kind: 'late', reason: TOO_LATE });
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
