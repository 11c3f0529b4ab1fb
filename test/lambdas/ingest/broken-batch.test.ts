/** Batches that are not JSON: what is stored, what is recorded, and what is answered. */
import { describe, expect, test } from '@jest/globals';
import type { RejectedEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { salvageBatch } from '../../../lambdas/ingest/salvage.ts';
import { UnreadableEvent } from '../../../lambdas/core/ingest/admit.ts';
import { proxyEvent, setUp, WRITE_KEY } from './fakes.ts';

const good = (id: string): string => `{"type":"track","userId":"u-${id}","messageId":"${id}"}`;
const bad = (more: string): string => `{"type":"track","userId":"u-bad","messageId":"bad",${more}}`;
const batch = (...events: string[]): string => `{"batch":[${events.join(',')}],"sentAt":"2026-01-01"}`;

const tell = (text: string): unknown =>
  salvageBatch(text)?.map((event) =>
    event instanceof UnreadableEvent ? event.text : (event as { messageId: string }).messageId,
  );

/** What one sends, and another does not understand. */
const FAULTS: readonly (readonly [name: string, more: string])[] = [
  ['NaN', '"price":NaN'],
  ['Infinity', '"price":Infinity,"list":[-Infinity]'],
  ['half a number', '"price":12.'],
  ['half a word', '"ok":tru'],
  ['no value', '"price":'],
  ['a bad escape', String.raw`"path":"C:\xyz"`],
  ['half an escape', String.raw`"name":"\u12"`],
  ['a line break in a text', '"name":"a\nb"'],
  ['single quotes', `"name":'x'`],
  ['brackets in a text', '"name":"}]},{[",  "price":NaN'],
  ['a list of objects', '"products":[{"id":1},{"id":2}],"price":NaN'],
];

describe('one bad event in a batch', () => {
  test.each(FAULTS)('%s: the others are stored, it is recorded with its text', async (_, more) => {
    const { post, queue, metrics } = setUp();
    const answer = await post(batch(good('a'), bad(more), good('c')));
    expect(answer.statusCode).toBe(200);
    const rejected = queue.envelopes.filter((one): one is RejectedEnvelope => one.kind === 'rejected');
    const stored = queue.envelopes.flatMap((one) => (one.kind === 'events' ? one.events : []));
    expect(stored.map(({ messageId }) => messageId)).toEqual(['a', 'c']);
    expect(rejected).toEqual([
      expect.objectContaining({ reason: 'invalid json', body: bad(more), sourceId: 'web' }),
    ]);
    expect(metrics.map(({ values }) => values)).toEqual([{ EventsAccepted: 2, EventsRejected: 1 }]);
  });

  test.each([
    ['a text without its end', '"name":"oops'],
    ['a text without its beginning', '"name":oops"'],
    ['an escaped last quote', String.raw`"path":"C:\dir\"`],
    ['an object without its end', '"a":{"b":1'],
    ['a list without its end', '"a":[1,2'],
    ['an object that ends twice', '"a":{}}'],
    ['a text without its end, behind a list of objects', '"a":[{"id":1},{"id":2}],"name":"oops'],
  ])('%s: the next event is found by how it looks', (_, more) => {
    const broken = bad(more);
    expect(tell(batch(good('a'), broken, good('c'), broken, good('e')))).toEqual([
      'a',
      broken,
      'c',
      broken,
      'e',
    ]);
  });

  test('an object inside the bad event is no event', () => {
    const broken = bad('"a":[{"id":1},{"messageId":"x"},{"userId":"u"}],"name":"oops');
    expect(tell(batch(broken, good('c')))).toEqual([broken, 'c']);
  });

  test('a retry of the request stores nothing twice', async () => {
    const { post, queue } = setUp();
    const body = batch(good('a'), bad('"price":NaN'));
    for (let i = 0; i < 2; i += 1) await post(body);
    expect(queue.stored).toHaveLength(2);
  });

  test('many bad ones share records, which are lists in JSON', async () => {
    const { post, queue } = setUp();
    const broken = Array.from({ length: 150 }, (__, i) => `{"messageId":"${i}","n":NaN}`);
    await post(batch(good('a'), ...broken));
    const rejected = queue.envelopes.filter((one): one is RejectedEnvelope => one.kind === 'rejected');
    expect(rejected.map(({ count }) => count)).toEqual([150]);
    expect(JSON.parse(rejected[0]?.body ?? '')).toEqual(broken);
  });
});

describe('what is around the events', () => {
  test('a bad token beside the batch costs nothing', async () => {
    const { post, queue } = setUp();
    const answer = await post(
      `{ "sentAt" : NaN, "list":[NaN], "batch" : [ ${good('a')} , ${good('b')} ], "x": }`,
    );
    expect(answer.statusCode).toBe(200);
    expect(queue.envelopes.map(({ kind }) => kind)).toEqual(['events', 'events']);
  });

  test('a comma too many', () => {
    expect(tell(`{"batch":[${good('a')},${good('b')},]}`)).toEqual(['a', 'b']);
  });

  test('a body that was cut off keeps its whole events, and a record of the rest', async () => {
    const whole = batch(good('a'), good('b'), good('c'));
    const { post, queue } = setUp();
    expect((await post(whole.slice(0, whole.indexOf('"u-c"') + 3))).statusCode).toBe(200);
    expect(queue.envelopes.map((one) => (one.kind === 'events' ? one.events.length : one.body))).toEqual([
      1,
      1,
      '{"type":"track","userId":"u-',
    ]);
  });

  test('wherever it is cut, no event that is whole is lost and none is made up', () => {
    const events = [good('a'), bad('"list":[{"messageId":"x","userId":"y"}]'), good('c')];
    const whole = batch(...events);
    for (let length = whole.indexOf('[') + 1; length < whole.length; length += 1) {
      const ends = events.map((event) => whole.indexOf(event) + event.length);
      const told = salvageBatch(whole.slice(0, length))?.filter((one) => !(one instanceof UnreadableEvent));
      // The last byte of an event says that it is whole, once a comma or the end of the list follows.
      expect(told).toHaveLength(ends.filter((end) => end < length).length);
    }
  });

  test('the write key may be in the body', async () => {
    const { ingest, queue } = setUp();
    const body = `{"batch":[${good('a')},{"n":NaN}],"writeKey":"${WRITE_KEY}"}`;
    expect((await ingest(proxyEvent({ headers: {}, body }))).statusCode).toBe(200);
    expect(queue.stored).toHaveLength(2);
  });

  test('a body made to be read again and again is one bad event', () => {
    const text = `{"batch":[{"a":"${'},{'.repeat(100_000)}`;
    const hostile = `{"batch":[{"a":"x"y${'},{"b":['.repeat(100_000)}`;
    expect(salvageBatch(text)).toHaveLength(1);
    expect(salvageBatch(hostile)).toHaveLength(1);
  });
});
