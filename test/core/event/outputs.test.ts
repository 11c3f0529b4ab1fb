/** From a transform's result to events: their ids, and the names that identify outputs on a retry. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { NAME_LENGTH, nameOf, toEvents } from '../../../lambdas/core/event/outputs.ts';
import { toOutputs } from '../../../lambdas/sandbox/outputs.ts';
import { plainTransforms } from '../../support/plain-transforms.ts';

/** What the thread and the function do together. */
const made = (returned: unknown, messageId = 'm1') => toEvents(toOutputs(returned, messageId), messageId);
const idsOf = (returned: unknown) => made(returned)?.map(({ messageId }) => messageId);

describe('ids of a transform’s outputs', () => {
  it('a single event keeps the id of its input, unless the transform sets another', () => {
    expect(made({ a: 1 })).toEqual([{ a: 1, messageId: 'm1' }]);
    expect(made({ messageId: 'own' })).toEqual([{ messageId: 'own' }]);
    expect(made([{ messageId: 'own' }])).toEqual([{ messageId: 'own' }]);
  });

  it.each([[''], [7], [null], [['m1']]])('an id of %p counts as missing', (messageId) => {
    expect(made({ messageId })).toEqual([{ messageId: 'm1' }]);
  });

  it('later events of a list are numbered by their position, including copies of the event', () => {
    expect(idsOf([{ messageId: 'm1' }, { messageId: 'm1' }, { messageId: 'own' }, { a: 1 }])).toEqual([
      'm1',
      'm1:1',
      'own',
      'm1:3',
    ]);
  });

  it('ids that the transform sets stay unchanged, even when several are equal', () => {
    expect(idsOf([{ messageId: 'own' }, { messageId: 'own' }])).toEqual(['own', 'own']);
  });

  it('an event that was filtered out has no outputs', () => {
    expect(made(null)).toEqual([]);
  });

  it('a key named __proto__ stays data', () => {
    const [event] = toEvents(['{"__proto__":{"a":1}}'], 'm1') ?? [];
    expect(JSON.stringify(event)).toBe('{"__proto__":{"a":1},"messageId":"m1"}');
  });
});

describe('JSON that is not an event', () => {
  it.each([['7'], ['"text"'], ['null'], ['[]'], ['true']])(
    '%s gives no events, alone or in a list with valid ones',
    (json) => {
      expect(toEvents([json], 'm1')).toBeUndefined();
      expect(toEvents(['{"a":1}', json], 'm1')).toBeUndefined();
    },
  );
});

describe('any output of a transform', () => {
  const event = fc
    .tuple(fc.constantFrom('m1', 'm2'), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }))
    .map(([messageId, more]) => JSON.parse(JSON.stringify({ ...more, messageId })) as SluiceEvent);
  /** Without an id, with that of the event, or with one of its own. */
  const output = fc
    .record(
      { a: fc.jsonValue(), messageId: fc.constantFrom('m1', 'm2', 'own', '', 7) },
      { requiredKeys: ['a'] },
    )
    .map((one) => JSON.parse(JSON.stringify(one)) as Record<string, unknown>);

  test('a list of outputs keeps its order and contents; each has an id, the same on a retry', () => {
    fc.assert(
      fc.property(event, fc.array(output, { maxLength: 6 }), ({ messageId }, outputs) => {
        const events = made(outputs, messageId) ?? [];
        expect(events).toHaveLength(outputs.length);
        for (const [i, one] of events.entries()) {
          const own = outputs[i]?.['messageId'];
          expect(one).toEqual({ ...outputs[i], messageId: one.messageId });
          if (typeof own === 'string' && own !== '' && own !== messageId) expect(one.messageId).toBe(own);
          else expect(one.messageId).toBe(i === 0 ? messageId : `${messageId}:${i}`);
        }
        expect(made(outputs, messageId)).toEqual(events);
      }),
    );
  });

  test('the result is events or a crash, nothing else, and the input event does not change', async () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(event, anything, async (from, returned) => {
        const before = structuredClone(from);
        const transforms = plainTransforms((given) => {
          Object.assign(given, { messageId: 'changed' });
          return returned;
        });
        const job = { sourceId: 'web', receivedAt: '2026-01-01T00:00:00.000Z', events: [from], time: 1 };
        const { made: lists, ended } = await transforms.run(job);
        expect(from).toEqual(before);
        if (ended?.kind === 'crash') expect(ended.crash.error).toMatch(/^TransformError: /);
        else expect(lists).toHaveLength(1);
        for (const one of lists.flat()) {
          expect(one.messageId).not.toBe('');
          expect(JSON.parse(JSON.stringify(one))).toStrictEqual(one);
        }
      }),
    );
  });
});

describe('names of outputs', () => {
  it('have a fixed length, and characters that every store accepts', () => {
    for (const messageId of ['', 'a', 'é'.repeat(1_000)])
      expect(nameOf({ messageId })).toMatch(new RegExp(`^[\\w-]{${NAME_LENGTH}}$`));
  });

  it('are the same in every process and every version, because later versions read the records', () => {
    expect(nameOf({ messageId: 'm1', a: 1 })).toBe('p9vCBeAgulBG4mkB');
  });

  const content = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue(), { maxKeys: 3 });
  const anyEvent = fc
    .tuple(fc.constantFrom('m1', 'm1:1', 'own'), content)
    .map(([messageId, more]) => JSON.parse(JSON.stringify({ ...more, messageId })) as SluiceEvent);

  test('are the same for the same id and content, and different otherwise', () => {
    fc.assert(
      fc.property(anyEvent, anyEvent, (one, other) => {
        expect(nameOf(structuredClone(one))).toBe(nameOf(one));
        expect(nameOf(one) === nameOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
    const [first, second] = made([{ a: 1 }, { a: 1 }]) ?? [];
    expect(first && nameOf(first)).not.toBe(second && nameOf(second));
  });
});
