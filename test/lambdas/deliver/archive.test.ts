/** The archive's sender: one record of Firehose for a call, and what each of its failures means. */
import { describe, expect, it } from '@jest/globals';
import { AccessFault } from '../../../lambdas/core/base/faults.ts';
import { readLine } from '../../../lambdas/core/event/archive-line.ts';
import { archiveSender, MAX_RECORD_BYTES } from '../../../lambdas/deliver/destinations/archive/sender.ts';
import type { Outgoing } from '../../../lambdas/deliver/destinations/sender.ts';

const NOW = 1_000_000;
const ROOM = 100;

const event = (index: number, more: object = {}): Outgoing => ({
  sourceId: 'web',
  key: 'k',
  place: `m1:${index}:0`,
  content: { messageId: `e${index}`, ...more },
  origin: { receivedAt: '2026-01-01T00:00:00.000Z', sequence: '77', index },
});

const send = async (events: readonly Outgoing[], answer: () => Promise<unknown>, timeLeft = ROOM) => {
  const calls: { operation: string; input: Record<string, unknown> }[] = [];
  const sender = archiveSender({
    call: (operation, input) => {
      calls.push({ operation, input: input as Record<string, unknown> });
      return answer();
    },
    streamName: 'S',
    clock: () => NOW,
    room: ROOM,
  });
  return { reply: await sender.send(events, () => timeLeft), calls };
};

const taken = () => Promise.resolve({ RecordId: 'r' });
const failing = (name: string) => () => Promise.reject(Object.assign(new Error('no'), { name }));

describe('the archive', () => {
  it('gets the events of a call as lines of one record', async () => {
    const { reply, calls } = await send([event(3), event(4)], taken);
    expect(reply).toEqual({ kind: 'whole', verdict: { kind: 'delivered' } });
    const [{ operation, input } = { operation: '', input: {} }, ...others] = calls;
    expect([operation, others, input['DeliveryStreamName']]).toEqual(['PutRecord', [], 'S']);
    const text = Buffer.from((input['Record'] as { Data: string }).Data, 'base64').toString();
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n').map(readLine);
    expect(lines).toMatchObject([
      { key: 'k', sequence: '77', place: 3, source: 'web', archivedAt: NOW, event: { messageId: 'e3' } },
      { place: 4, messageId: 'e4' },
    ]);
  });

  it('begins nothing for which there is no time', async () => {
    expect(await send([event(0)], taken, ROOM - 1)).toEqual({ reply: undefined, calls: [] });
  });

  it('is tried again when Firehose throttles or does not answer', async () => {
    for (const name of ['ServiceUnavailableException', 'TimeoutError', 'InvalidKMSResourceException'])
      expect((await send([event(0)], failing(name))).reply).toMatchObject({ verdict: { kind: 'retry' } });
  });

  it('is denied: an operator has to change something', async () => {
    for (const name of ['AccessDeniedException', 'ResourceNotFoundException'])
      await expect(send([event(0)], failing(name))).rejects.toThrow(AccessFault);
  });

  it('rejects what Firehose will never take', async () => {
    const large = event(0, { note: 'x'.repeat(MAX_RECORD_BYTES) });
    const { reply, calls } = await send([large], taken);
    expect(reply).toMatchObject({ verdict: { kind: 'rejected' } });
    expect(calls).toEqual([]);
    expect((await send([event(0)], failing('InvalidArgumentException'))).reply).toMatchObject({
      verdict: { kind: 'rejected' },
    });
  });
});
