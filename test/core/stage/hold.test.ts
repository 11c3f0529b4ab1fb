/** Whether a batch may start: a mapping may have buffered it for long. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { hold } from '../../../lambdas/core/stage/hold.ts';
import { CALL_MARGIN } from '../../../lambdas/core/base/limits.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { MemoryStage } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

const VISIBILITY = 360_000;
const LEFT = 60_000;

let stage: MemoryStage;
let calls: unknown[];
beforeEach(() => {
  stage = new MemoryStage();
  calls = [];
});

const received = (id: string, ago?: number): IncomingMessage => ({
  ...stage.message(id, 'a'),
  ...(ago === undefined ? { receiveCount: 2 } : { receivedAt: stage.now - ago }),
});

/** @param fault that the queue answers with */
const held = (messages: readonly IncomingMessage[], fault?: Error): Promise<number | undefined> => {
  const { ports, time } = stage.deps();
  const queue = replaced(ports.queue, {
    setVisibility: async (all: readonly IncomingMessage[], seconds: number) => {
      calls.push([all.map(({ id }) => id), seconds]);
      if (fault !== undefined) throw fault;
      await Promise.resolve();
    },
  });
  return hold(messages, {
    ports: { ...ports, queue },
    time: { ...time, timeLeft: () => LEFT },
    visibility: VISIBILITY,
  });
};

describe('a batch', () => {
  it('that was received a moment ago is started, without a call to the queue', async () => {
    expect(await held([received('m1', 50), received('m2', 50)])).toBe(stage.now - 50 + VISIBILITY);
    expect(calls).toEqual([]);
  });

  it('with a message at its first receive was received at that time', async () => {
    expect(await held([received('m1'), received('m2', 70)])).toBe(stage.now - 70 + VISIBILITY);
    expect(calls).toEqual([]);
  });

  const latest = VISIBILITY - LEFT - CALL_MARGIN;
  it('that stays hidden for exactly as long as the function can run is started', async () => {
    expect(await held([received('m1', latest)])).toBe(stage.now + LEFT + CALL_MARGIN);
    expect(calls).toEqual([]);
  });

  it('that would become visible while the function runs is hidden again first, all of it', async () => {
    expect(await held([received('m1', latest + 1), received('m2')])).toBe(stage.now + VISIBILITY);
    expect(calls).toEqual([[['m1', 'm2'], 360]]);
  });

  it('is hidden again first if its time of receipt is unknown', async () => {
    expect(await held([received('m1'), received('m2')])).toBe(stage.now + VISIBILITY);
    expect(calls).toEqual([[['m1', 'm2'], 360]]);
  });

  it('that cannot be hidden may be processed elsewhere, so it is not started', async () => {
    expect(await held([received('m1')], new InfraFault('ReceiptHandleIsInvalid'))).toBeUndefined();
    expect(stage.events).toMatchObject([
      { type: 'deferred', reason: 'perhaps handed out again', messages: 1 },
    ]);
  });

  it('is not started after an error of our own either', async () => {
    await expect(held([received('m1')], new TypeError('ours'))).rejects.toThrow('ours');
  });
});
