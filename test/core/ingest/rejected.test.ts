import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { parseEnvelope, type RejectedEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { MAX_EVENT_DEPTH, REJECTION, type Arrival } from '../../../lambdas/core/ingest/admit.ts';
import { MAX_SINGLE_RECORDS, rejectedMessages } from '../../../lambdas/core/ingest/rejected.ts';
import { MAX_MESSAGE_BYTES, MAX_REJECTED_BODY_BYTES } from '../../../lambdas/core/base/limits.ts';
import type { OutgoingMessage } from '../../../lambdas/core/base/messages.ts';

const newArrival = (): Arrival => {
  let ids = 0;
  return {
    sourceId: 'web',
    orderBy: 'auto',
    receivedAt: Date.parse('2026-01-02T03:04:05.678Z'),
    requestIp: '203.0.113.7',
    newId: () => `id-${ids++}`,
  };
};
const arrival = newArrival();
const read = ({ body }: OutgoingMessage): RejectedEnvelope => {
  const envelope = parseEnvelope(body);
  if (envelope?.kind !== 'rejected') throw new Error(`not a rejected record: ${body.slice(0, 100)}`);
  return envelope;
};
const one = (raw: unknown) => {
  const [message] = rejectedMessages([{ raw, reason: REJECTION.nobody }], arrival);
  if (message === undefined) throw new Error('no message');
  return { message, record: read(message) };
};

describe('a record', () => {
  test('contains the event, the reason for the rejection, its size and its hash', () => {
    const { message, record } = one({ event: 'klick €' });
    const json = '{"event":"klick €"}';
    expect(record).toEqual({
      v: 1,
      kind: 'rejected',
      sourceId: 'web',
      receivedAt: '2026-01-02T03:04:05.678Z',
      reason: 'request neither has anonymousId nor userId',
      size: Buffer.byteLength(json),
      sha256: createHash('sha256').update(json).digest('hex'),
      body: json,
    });
    expect(message.groupId).toMatch(/^rejected#web#([0-9]|1[0-5])$/);
  });

  test('keeps the first 200 KB, and states the full size', () => {
    const raw = { pad: '€'.repeat(100_000) };
    const { record } = one(raw);
    const json = JSON.stringify(raw);
    expect(record.size).toBe(300_010);
    expect(json.startsWith(record.body)).toBe(true);
    expect(Buffer.byteLength(record.body)).toBeGreaterThan(MAX_REJECTED_BODY_BYTES - 3);
    expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(MAX_REJECTED_BODY_BYTES);
  });

  test.each([
    ['quotes', '"'],
    ['control characters', '\u0001'],
    ['a character that SQS does not accept', '\uFFFF'],
  ])('fits a message even when the event consists of %s', (_, character) => {
    const { message, record } = one({ pad: character.repeat(400_000) });
    expect(Buffer.byteLength(message.body)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(Buffer.byteLength(record.body)).toBeGreaterThan(100_000);
  });

  test('keeps less of the event only once the message is full to the last byte', () => {
    // In a record a quote takes four bytes, a line feed three: two and one more than in the event, of which 200 KB are kept.
    const of = (quotes: number, lines: number) =>
      one({ pad: `${'"'.repeat(quotes)}${'\n'.repeat(lines)}${'x'.repeat(MAX_REJECTED_BODY_BYTES)}` });
    const room = MAX_MESSAGE_BYTES - Buffer.byteLength(of(0, 0).message.body);
    const full = of(Math.floor(room / 2), room % 2);
    expect(Buffer.byteLength(full.message.body)).toBe(MAX_MESSAGE_BYTES);
    expect(full.record.body).toHaveLength(MAX_REJECTED_BODY_BYTES);
    expect(of(Math.floor(room / 2) + 1, room % 2).record.body).toHaveLength(MAX_REJECTED_BODY_BYTES * 0.6);
  });

  test('of an endlessly nested event shows where it was cut', () => {
    let raw: unknown = 1;
    for (let i = 0; i < 1_000_000; i++) raw = [raw];
    expect(one(raw).record.body).toBe(
      `${'['.repeat(MAX_EVENT_DEPTH)}"cut: more than ${MAX_EVENT_DEPTH} levels"${']'.repeat(MAX_EVENT_DEPTH)}`,
    );
  });
});

test('of a deeply nested event keeps the shallow fields, and their names', () => {
  const raw = JSON.parse(
    `{"n":1,"none":null,"__proto__":{"a":2},"deep":${'['.repeat(200)}${']'.repeat(200)}}`,
  ) as unknown;
  expect(one(raw).record.body).toMatch(
    /^\{"n":1,"none":null,"__proto__":\{"a":2\},"deep":\[+"cut: more than 128 levels"\]+\}$/,
  );
  const objects = JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) as unknown;
  expect(one(objects).record.body).toMatch(/^(\{"a":){128}"cut: more than 128 levels"\}{128}$/);
});

describe('deduplication', () => {
  const ids = (raws: readonly unknown[]) => {
    // Each request draws other ids.
    const fresh = newArrival();
    return [0, 1].map(() =>
      rejectedMessages(
        raws.map((raw) => ({ raw, reason: REJECTION.nobody })),
        fresh,
      ).map(({ deduplicationId }) => deduplicationId),
    );
  };

  test('an event with a messageId is recorded once, no matter how often it is sent', () => {
    const [first, retry] = ids([{ messageId: 'm1' }]);
    expect(retry).toEqual(first);
  });

  test.each([{}, { messageId: '' }, { messageId: ' ' }, { messageId: 7 }])(
    'equal events without one are two events: %j',
    (raw) => {
      const [first, second] = ids([raw]);
      expect(second).not.toEqual(first);
    },
  );

  test('shared records are the same if and only if all of their events are', () => {
    const many = (last: string) => [
      ...Array.from({ length: MAX_SINGLE_RECORDS }, (_, n) => ({ messageId: `m${n}` })),
      { messageId: last },
    ];
    const [first, retry] = ids(many('m'));
    expect(first).toHaveLength(1);
    expect(retry).toEqual(first);
    expect(ids(many('other'))).not.toContainEqual(first);
  });

  test('equal events of one request stay separate', () => {
    const [first] = ids([{ messageId: 'm1' }, { messageId: 'm1' }]);
    expect(new Set(first).size).toBe(2);
  });
});

describe('many bad events', () => {
  test('get a record each, up to a hundred', () => {
    const bad = Array.from({ length: MAX_SINGLE_RECORDS }, (_, n) => ({
      raw: n,
      reason: REJECTION.notAnEvent,
    }));
    expect(rejectedMessages(bad, arrival).map((message) => read(message).body)).toEqual(
      bad.map(({ raw }) => String(raw)),
    );
  });

  test('share records by reason above that, each event in one record', () => {
    const bad = Array.from({ length: 20_000 }, (_, n) =>
      n % 3 === 0 ? { raw: n, reason: REJECTION.notAnEvent } : { raw: { n }, reason: REJECTION.nobody },
    );
    const records = rejectedMessages(bad, arrival).map(read);
    expect(records.length).toBeLessThan(10);
    for (const reason of [REJECTION.notAnEvent, REJECTION.nobody]) {
      const ofReason = records.filter((record) => record.reason === reason);
      const events = ofReason.flatMap(({ body }) => JSON.parse(body) as unknown[]);
      expect(events).toEqual(bad.filter((event) => event.reason === reason).map(({ raw }) => raw));
      expect(ofReason.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(events.length);
    }
  });

  test('get an ordinary record if only one has the reason', () => {
    const bad = Array.from({ length: MAX_SINGLE_RECORDS }, (_, n) => ({
      raw: n,
      reason: REJECTION.notAnEvent,
    }));
    const [, last] = rejectedMessages([...bad, { raw: {}, reason: REJECTION.nobody }], arrival).map(read);
    expect(last?.body).toBe('{}');
    expect(last).not.toHaveProperty('count');
  });

  test('fill a shared record to the last byte', () => {
    const LENGTH = 2_000;
    // A list of n events has n - 1 commas and 2 brackets.
    const total = (n: number) => n * (LENGTH + 1) + 1;
    const n = Math.floor(MAX_REJECTED_BODY_BYTES / (LENGTH + 1));
    const sizes = (over: number) => {
      const bad = Array.from({ length: n }, (_, i) => {
        const length = i === 0 ? LENGTH + MAX_REJECTED_BODY_BYTES - total(n) + over : LENGTH;
        return { raw: 'x'.repeat(length - 2), reason: REJECTION.notAnEvent };
      });
      return rejectedMessages(bad, arrival).map((message) => read(message).size);
    };
    expect(sizes(0)).toEqual([MAX_REJECTED_BODY_BYTES]);
    expect(sizes(1)).toEqual([MAX_REJECTED_BODY_BYTES - LENGTH, LENGTH]);
  });

  test('are never cut in a shared record', () => {
    const bad = Array.from({ length: 300 }, (_, n) => ({
      raw: { n, pad: 'x'.repeat(5_000) },
      reason: REJECTION.nobody,
    }));
    const records = rejectedMessages(bad, arrival).map(read);
    for (const { body, size } of records) expect(Buffer.byteLength(body)).toBe(size);
    expect(records.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(300);
  });
});
