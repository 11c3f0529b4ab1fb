import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import {
  decodeSeen,
  encodeSeen,
  remember,
  withoutRepetitions,
  type Seen,
} from '../../../lambdas/core/event/seen-ids.ts';

const MINUTE = 60_000;
const limits = { window: 10 * MINUTE, maxIds: 5 };
const START = 1_790_000_000_000;

interface Delivery {
  readonly id: string;
  readonly sentAt: number;
  readonly ids: readonly string[];
}
const delivery = (id: string, minute: number, ...ids: string[]): Delivery => ({
  id,
  sentAt: START + minute * MINUTE,
  ids,
});
const eventsOf = ({ ids }: Delivery): readonly SluiceEvent[] => ids.map((messageId) => ({ messageId }));

/** The events of a message that are routed, and the record after it, as stored. */
const route = (seen: Seen, message: Delivery, within = limits): { routed: string[]; seen: Seen } => {
  const events = withoutRepetitions(seen, message, eventsOf(message), within);
  const after = remember(seen, message, events, within);
  return {
    routed: events.map(({ messageId }) => messageId),
    seen: after === undefined ? seen : decodeSeen(encodeSeen(after)),
  };
};

/** The events that are routed of each message, one message after another. */
const routeAll = (...messages: readonly Delivery[]): string[][] => {
  let seen: Seen = [];
  return messages.map((message) => {
    const step = route(seen, message);
    seen = step.seen;
    return step.routed;
  });
};

describe('a repeated event', () => {
  test('is one that another message contained, however the batches are split', () => {
    expect(
      routeAll(
        delivery('m1', 0, 'a', 'b'),
        delivery('m2', 1, 'b', 'c'),
        delivery('m3', 2, 'a', 'b', 'c', 'd'),
      ),
    ).toEqual([['a', 'b'], ['c'], ['d']]);
  });

  test('is not one from the same message: that message is redelivered after a crash', () => {
    const message = delivery('m1', 0, 'a', 'b');
    expect(routeAll(message, message)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('is the second copy in the same message, at each delivery', () => {
    const message = delivery('m1', 0, 'a', 'b', 'a', 'a');
    expect(routeAll(message, message)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  test('is none after the window, which starts when the message with the first copy was accepted', () => {
    const first = delivery('m1', 0, 'a');
    const late = delivery('m2', 10, 'a');
    expect(routeAll(first, { ...late, sentAt: late.sentAt - 1 })).toEqual([['a'], []]);
    expect(routeAll(first, late)).toEqual([['a'], ['a']]);
    // A repeated event that was dropped does not extend it.
    expect(routeAll(first, delivery('m2', 9, 'a'), delivery('m3', 11, 'a'))).toEqual([['a'], [], ['a']]);
  });

  test('is one from an older message that waited in the dead-letter queue', () => {
    expect(routeAll(delivery('m2', 5, 'a'), delivery('m1', 0, 'a'))).toEqual([['a'], []]);
  });

  test('is none once later events have displaced its id: the newest are kept', () => {
    const first = delivery('m1', 0, 'a', 'b', 'c');
    const repeated = delivery('m3', 2, 'a', 'b', 'c');
    expect(routeAll(first, delivery('m2', 1, 'd', 'e'), repeated)[2]).toEqual([]);
    expect(routeAll(first, delivery('m2', 1, 'd', 'e', 'f'), repeated)[2]).toEqual(['a']);
    // A message with more events than are remembered is sent whole, also when it is redelivered.
    const long = delivery('m1', 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(routeAll(long, long)).toEqual([long.ids, long.ids]);
  });

  test('is never one whose time is unknown', () => {
    const odd = { ...delivery('m2', 0, 'a'), sentAt: NaN };
    expect(routeAll(delivery('m1', 0, 'a'), odd, odd)).toEqual([['a'], ['a'], ['a']]);
  });
});

test('needs no write if there is nothing new', () => {
  const message = delivery('m1', 0, 'a', 'b');
  const { seen } = route([], message);
  expect(remember(seen, message, eventsOf(message), limits)).toBeUndefined();
  expect(remember(seen, delivery('m2', 1), [], limits)).toBeUndefined();
  // An operator resends events that are known already.
  expect(remember(seen, delivery('m3', 1, 'a'), eventsOf(message), limits)).toBeUndefined();
});

/** The same with a flat list of ids, the newest `maxIds` of them. */
class Model {
  log: { id: string; by: string; at: number }[] = [];

  route({ id: by, sentAt, ids }: Delivery, { window, maxIds }: typeof limits): string[] {
    const isRecent = ({ at }: { at: number }) => sentAt - at < window;
    const routed = ids.filter(
      (id, i) =>
        ids.indexOf(id) === i &&
        !this.log.some((entry) => entry.id === id && entry.by !== by && isRecent(entry)),
    );
    const valid = this.log.filter(isRecent);
    const added = routed.filter((id) => !valid.some((entry) => entry.id === id));
    if (added.length > 0)
      this.log = [...valid, ...added.map((id) => ({ id, by, at: sentAt }))].slice(-maxIds);
    return routed;
  }
}

const anyDelivery = fc.record({
  id: fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5'),
  sentAt: fc.integer({ min: 0, max: 30 }).map((minute) => START + minute * MINUTE),
  ids: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 8 }),
});
const anyLimits = fc.record({
  window: fc.integer({ min: 1, max: 30 }).map((minutes) => minutes * MINUTE),
  maxIds: fc.integer({ min: 1, max: 12 }),
});

test('any messages, in any order: the record decides as a plain list of all ids would', () => {
  fc.assert(
    fc.property(fc.array(anyDelivery, { maxLength: 30 }), anyLimits, (deliveries, within) => {
      const model = new Model();
      let seen: Seen = [];
      for (const one of deliveries) {
        const step = route(seen, one, within);
        seen = step.seen;
        expect(step.routed).toEqual(model.route(one, within));
        const times = seen.flatMap(({ at, ids }) => ids.map(() => at));
        expect(times).toEqual(model.log.map(({ at }) => at));
      }
    }),
    { numRuns: 500 },
  );
});

test('a redelivered message sends no fewer events than before, even if its own events made the record forget others', () => {
  fc.assert(
    fc.property(fc.array(anyDelivery, { maxLength: 12 }), anyDelivery, anyLimits, (past, last, within) => {
      let seen: Seen = [];
      for (const one of past) ({ seen } = route(seen, one, within));
      const message = { ...last, id: 'new' };
      const first = route(seen, message, within);
      const again = route(first.seen, message, within);
      expect(again.routed).toEqual(expect.arrayContaining(first.routed));
      // Nothing was forgotten for lack of space, so the result is the same.
      if (first.seen.flatMap(({ ids }) => ids).length < within.maxIds)
        expect(again.routed).toEqual(first.routed);
    }),
  );
});

describe('the stored record', () => {
  const anySeen = fc.array(
    fc.record({
      by: fc.stringMatching(/^[\w-]{6}$/),
      at: fc.nat({ max: 9e12 }),
      ids: fc.array(fc.stringMatching(/^[\w-]{16}$/), { minLength: 1, maxLength: 9 }),
    }),
    { maxLength: 9 },
  );

  test('reads back the same', () => {
    fc.assert(
      fc.property(anySeen, (seen) => {
        expect(decodeSeen(encodeSeen(seen))).toEqual(seen);
      }),
    );
  });

  test('has 96 bits per id, whatever the messageId is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (messageId) => {
        const [brought] = remember([], delivery('m', 0), [{ messageId }], limits) ?? [];
        expect(brought?.ids).toEqual([expect.stringMatching(/^[\w-]{16}$/)]);
      }),
    );
  });

  test('leaves out what cannot be read, and keeps the rest', () => {
    const [good = ''] = encodeSeen([{ by: 'abcdef', at: START, ids: ['0123456789abcdef'] }]);
    const odd = [
      7,
      null,
      '',
      good.slice(1 + good.indexOf('.')),
      good.slice(0, -1),
      `${good}!`,
      `!${good}`,
      'v2:x',
      [good],
    ];
    expect(decodeSeen([...odd, good])).toEqual(decodeSeen([good]));
    expect(decodeSeen([good])).toHaveLength(1);
    for (const stored of [undefined, null, good, { 0: good }]) expect(decodeSeen(stored)).toEqual([]);
  });

  test('takes 16 bytes for a message and 16 for each of its events, which the cost table counts on', () => {
    const sizes = [1, 20].map((events) => {
      const ids = Array.from({ length: events }, (_, i) => `e${i}`);
      const message = delivery('m1', 0, ...ids);
      const seen = remember([], message, eventsOf(message), { ...limits, maxIds: 200 }) ?? [];
      return encodeSeen(seen).map((text) => Buffer.byteLength(text));
    });
    expect(sizes).toEqual([[16 + 16], [16 + 20 * 16]]);
  });

  test('is far below DynamoDB’s item size limit at its longest', () => {
    const most = { window: 1_000 * MINUTE, maxIds: 2_000 };
    const oneByOne = Array.from({ length: 2_099 }, (_, i): Seen => {
      const message = { id: `m${i}`, sentAt: START };
      return remember([], message, [{ messageId: `e${i}` }], most) ?? [];
    }).flat();
    const seen = remember(oneByOne, { id: 'last', sentAt: START }, [{ messageId: 'last' }], most) ?? [];
    expect(seen).toHaveLength(2_000);
    // An element of a list costs one byte in addition to its text.
    const bytes = encodeSeen(seen).reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
    expect(bytes).toBeLessThan(70_000);
  });
});
