/** Divides a user's events into messages, and messages into calls. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inCalls } from '../../../lambdas/core/base/send-batches.ts';
import { eventBytes, pack } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES } from '../../../lambdas/core/base/limits.ts';
import type { OutgoingMessage } from '../../../lambdas/core/base/messages.ts';

describe('pack', () => {
  const header = { sourceId: 'web', receivedAt: '2026-01-01T00:00:00.000Z' };
  const bytesOf = (events: readonly SluiceEvent[]): number =>
    pack(header, events, 1e9).reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  const anyEvents = fc
    .array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 20 })
    .map((texts) => texts.map((text, i): SluiceEvent => ({ messageId: `m${i}`, text })));

  test('parts hold all events in order, each part fits, and no part has room for the first event of the next', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(600), (events, more) => {
        // The minimum for the largest event, with its comma.
        const limit = Math.max(...events.map((event) => bytesOf([event]))) + 1 + more;
        const parts = pack(header, events, limit);
        expect(parts.flatMap((part) => part.events)).toEqual(events);
        for (const [i, part] of parts.entries()) {
          expect(Buffer.byteLength(part.body)).toBeLessThanOrEqual(limit);
          const next = parts[i + 1]?.events[0];
          if (next === undefined) continue;
          // Each event is counted with a comma, although a list has one comma fewer than events.
          expect(bytesOf([...part.events, next]) + 1).toBeGreaterThan(limit);
        }
      }),
    );
  });

  test('an event may fill a message to the last byte, except for its comma', () => {
    const [one, other] = ['a', 'b'].map((messageId): SluiceEvent => ({ messageId }));
    if (one === undefined || other === undefined) throw new Error('there are two');
    const both = bytesOf([one, other]) + 1;
    expect(pack(header, [one, other], both)).toHaveLength(1);
    expect(pack(header, [one, other], both - 1)).toHaveLength(2);
  });

  test('the limit is 256 KB by default', () => {
    const pad = (size: number): SluiceEvent => ({ messageId: 'm', pad: 'x'.repeat(size) });
    const room = MAX_MESSAGE_BYTES - bytesOf([pad(0)]) - eventBytes(pad(0)) - 2;
    expect(pack(header, [pad(0), pad(room)])).toHaveLength(1);
    expect(pack(header, [pad(0), pad(room + 1)])).toHaveLength(2);
    expect(MAX_MESSAGE_BYTES).toBe(262_144);
  });
});

describe('inCalls', () => {
  const message = (body: string): OutgoingMessage => ({ groupId: 'g', deduplicationId: 'd', body });
  const bytesOf = (messages: readonly OutgoingMessage[]): number =>
    messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);

  test('no messages, no call', () => expect(inCalls([])).toEqual([]));

  test('calls hold all messages in order, each call fits, and no call has room for the first message of the next', () => {
    // Three bytes a character. A few texts, shared by all messages: they are large.
    const bodies = ['{}', ...[1, 2, 3, 4].map((tenths) => '€'.repeat((tenths * MAX_BATCH_BYTES) / 30))];
    const body = fc.constantFrom(...bodies);
    fc.assert(
      fc.property(fc.array(body.map(message), { maxLength: 25 }), (messages) => {
        const calls = inCalls(messages);
        expect(calls.flat().map((one) => messages.indexOf(one))).toEqual([...messages.keys()]);
        for (const [i, call] of calls.entries()) {
          expect(call.length).toBeGreaterThan(0);
          expect(call.length).toBeLessThanOrEqual(MAX_BATCH_ENTRIES);
          expect(bytesOf(call)).toBeLessThanOrEqual(MAX_BATCH_BYTES);
          const next = calls[i + 1]?.[0];
          if (next !== undefined && call.length < MAX_BATCH_ENTRIES)
            expect(bytesOf([...call, next])).toBeGreaterThan(MAX_BATCH_BYTES);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a call is filled to ten messages, and to its last byte', () => {
    expect(inCalls(Array.from({ length: 21 }, () => message('{}'))).map((call) => call.length)).toEqual([
      10, 10, 1,
    ]);
    const quarter = message('x'.repeat(MAX_BATCH_BYTES / 4));
    expect(inCalls(Array.from({ length: 5 }, () => quarter)).map((call) => call.length)).toEqual([4, 1]);
    const more = message(`${quarter.body}x`);
    expect(inCalls([quarter, quarter, quarter, more]).map((call) => call.length)).toEqual([3, 1]);
  });
});
