import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  eventBytes,
  newerBody,
  newerEnvelope,
  pack,
  parseEnvelope,
  toMessageBody,
} from '../../../lambdas/core/event/envelope.ts';
import type { JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';

const header = { sourceId: 'web', receivedAt: '2026-01-01T00:00:00.000Z' };
const event = (messageId: string, more: JsonObject = {}): SluiceEvent => ({
  messageId,
  userId: 'u1',
  ...more,
});

/** What the SQS API reference lists as valid in a message. */
const SQS_TEXT = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

const anyEvent = fc
  .record({
    messageId: fc.string(),
    text: fc.string({ unit: 'binary', maxLength: 60 }),
    value: fc.jsonValue(),
  })
  .map((value) => JSON.parse(JSON.stringify(value)) as SluiceEvent);

describe('pack', () => {
  test('packs events that fit together into one message', () => {
    const events = [event('1'), event('2'), event('3')];
    const parts = pack(header, events);
    expect(parts.map((part) => part.events)).toEqual([events]);
    expect(parseEnvelope(parts[0]?.body ?? '')).toEqual({ v: 1, kind: 'events', ...header, events });
  });

  test('marks each message when an operator resends the events', () => {
    const parts = pack({ ...header, replay: true }, [event('1'), event('2')], 150);
    expect(parts.map(({ body }) => parseEnvelope(body))).toEqual(
      ['1', '2'].map((id) => ({ v: 1, kind: 'events', ...header, replay: true, events: [event(id)] })),
    );
  });

  test('creates no message for an empty list', () => {
    expect(pack(header, [])).toEqual([]);
  });

  test('keeps the limit, the order and every event, whatever the events contain', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 30 }),
        fc.integer({ min: 0, max: 3_000 }),
        (events, more) => {
          const overhead = toMessageBody({ v: 1, kind: 'events', ...header, events: [] }).length;
          const limit = overhead + 1 + Math.max(0, ...events.map(eventBytes)) + more;
          const parts = pack(header, events, limit);
          expect(parts.flatMap((part) => part.events)).toEqual(events);
          for (const { body, events: packed } of parts) {
            expect(Buffer.byteLength(body)).toBeLessThanOrEqual(limit);
            expect(packed.length).toBeGreaterThan(0);
            expect(parseEnvelope(body)).toEqual({ v: 1, kind: 'events', ...header, events: packed });
          }
        },
      ),
    );
  });

  test('fills a message before it begins the next', () => {
    const events = Array.from({ length: 10 }, (_, i) => event(`m${i}`, { pad: 'x'.repeat(100) }));
    const size = eventBytes(event('m0', { pad: 'x'.repeat(100) }));
    const overhead = toMessageBody({ v: 1, kind: 'events', ...header, events: [] }).length;
    const parts = pack(header, events, overhead + 4 * (size + 1));
    expect(parts.map((part) => part.events.length)).toEqual([4, 4, 2]);
  });
});

describe('toMessageBody', () => {
  test('contains only characters that SQS accepts, and parses back to the same envelope', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const nasty = event('1', { text: `${text}\uFFFE\uFFFF\0\u007f\ud800`, ['\uFFFF']: 1 });
        const body = toMessageBody({ v: 1, kind: 'events', ...header, events: [nasty] });
        expect(body).toMatch(SQS_TEXT);
        expect(parseEnvelope(body)).toMatchObject({ events: [nasty] });
      }),
    );
  });
});

test('eventBytes is the number of bytes that an event adds to a message', () => {
  fc.assert(
    fc.property(anyEvent, (value) => {
      const size = (events: SluiceEvent[]) =>
        Buffer.byteLength(toMessageBody({ v: 1, kind: 'events', ...header, events }));
      expect(eventBytes(value)).toBe(size([value]) - size([]));
    }),
  );
  expect(eventBytes(event('\uFFFE'))).toBe(eventBytes(event('a')) + 5);
});

describe('parseEnvelope', () => {
  test.each([
    '',
    'nonsense',
    'null',
    '[]',
    '{"v":2,"kind":"events","sourceId":"web","events":[]}',
    '{"v":1}',
    '{"v":1,"kind":"events","events":[]}',
    '{"v":1,"kind":"rejected","sourceId":1}',
  ])('%j is not an envelope', (body) => {
    expect(parseEnvelope(body)).toBeUndefined();
  });

  test.each([
    '{"v":1,"kind":"events","sourceId":"web"}',
    '{"v":1,"kind":"other","sourceId":"web","events":[]}',
  ])('%j lacks a field that its kind requires', (body) => {
    expect(parseEnvelope(body)).toBeUndefined();
  });
});

describe('newerBody', () => {
  test('is a later envelope whatever the number of the parked message, which is counted apart', () => {
    expect(newerEnvelope(newerBody(1))).toBeGreaterThan(1);
    expect(newerEnvelope(newerBody(7))).toBe(7);
  });
});
