/** What a transform may return, and what is made of it: JSON, or a crash of the user's code. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_MESSAGE_BYTES } from '../../lambdas/core/base/limits.ts';
import { NAME_LENGTH } from '../../lambdas/core/event/outputs.ts';
import { MAX_OUTPUTS, toOutputs } from '../../lambdas/sandbox/outputs.ts';

const run = (returned: unknown): unknown[] =>
  toOutputs(returned, 'm1').map((json) => JSON.parse(json) as unknown);

const crashOf = (returned: unknown): unknown => {
  try {
    return toOutputs(returned, 'm1');
  } catch (error) {
    return error;
  }
};

/** Short, for outputs may be long. */
const told = (returned: unknown): string => {
  const result = crashOf(returned);
  return Array.isArray(result) ? `${result.length} outputs` : String(result);
};

describe('what a transform may return', () => {
  it('an event, or a list of events, in order', () => {
    expect(run({ a: 1 })).toEqual([{ a: 1 }]);
    expect(run([{ a: 1 }, { a: 2 }])).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('null, or an empty list: the event is filtered out', () => {
    expect(run(null)).toEqual([]);
    expect(run([])).toEqual([]);
  });

  it('an instance of a class of its own', () => {
    class Purchase {
      price = 2;
    }
    expect(run(new Purchase())).toEqual([{ price: 2 }]);
  });

  it('an object without a prototype, and one whose toJSON gives an object', () => {
    expect(run(Object.assign(Object.create(null) as object, { a: 1 }))).toEqual([{ a: 1 }]);
    expect(run({ toJSON: () => ({ a: 1 }) })).toEqual([{ a: 1 }]);
  });

  it('what JSON drops is gone', () => {
    expect(run({ a: 1, no: undefined, call: () => 1, at: new Date(0) })).toStrictEqual([
      { a: 1, at: '1970-01-01T00:00:00.000Z' },
    ]);
  });
});

describe('what is a crash', () => {
  const sparse: unknown[] = [{ a: 1 }];
  sparse[2] = { a: 3 };
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  const notHeld = 'transform returned what JSON cannot hold for event m1';

  it.each<[string, unknown, string]>([
    [
      'undefined',
      undefined,
      'transform returned undefined for event m1; return an event, a list of events, or null',
    ],
    ['a text', 'event', 'returned string'],
    ['a number', 7, 'returned number'],
    ['false', false, 'returned boolean'],
    ['a function', () => 1, 'returned function'],
    ['null in a list', [null], 'returned null'],
    ['a list in a list', [[{ a: 1 }]], 'returned a list'],
    ['a hole in a list', sparse, 'returned undefined'],
    ['a list of holes', new Array(2), 'returned undefined'],
    ['a promise that was not awaited', [Promise.resolve({ a: 1 })], 'returned a Promise'],
    ['a Map', new Map([['a', 1]]), 'returned a Map'],
    ['an Error', new Error('returned, not thrown'), 'returned a Error'],
    ['a Date', new Date(), 'returned a Date'],
    ['a circle', loop, notHeld],
    ['a bigint within', { n: 1n }, notHeld],
    ['an object that JSON reads as a text', { toJSON: () => 'text' }, notHeld],
    ['an object that JSON reads as a list', { toJSON: () => [{ a: 1 }] }, notHeld],
    ['an object that JSON reads as null', { toJSON: () => null }, notHeld],
    ['an object that JSON leaves out', { toJSON: () => undefined }, notHeld],
    ['such an object in a list', [{ a: 1 }, { toJSON: () => 7 }], notHeld],
  ])('%s', (_, returned, message) => {
    const crash = crashOf(returned);
    expect(crash).toHaveProperty('name', 'TransformError');
    expect(String(crash)).toContain(message);
  });

  it('that JSON threw has what it threw as its cause', () => {
    expect(crashOf(loop)).toHaveProperty('cause', expect.any(TypeError));
    const failure = new RangeError('thrown by toJSON');
    const toJSON = () => {
      throw failure;
    };
    expect(crashOf({ toJSON })).toHaveProperty('cause', failure);
  });

  it('that reading it throws comes out as it is', () => {
    const failure = new RangeError('thrown by a getter');
    const output = Object.defineProperty({}, Symbol.toStringTag, {
      get: () => {
        throw failure;
      },
    });
    expect(crashOf(output)).toBe(failure);
  });
});

describe('limits', () => {
  it('5,000 events can be made of one, and no more', () => {
    const outputs = Array.from({ length: 5_001 }, (_, i) => ({ i }));
    expect(run(outputs.slice(1))).toHaveLength(5_000);
    expect(told(outputs)).toBe(
      'TransformError: transform returned 5001 events for event m1; at most 5000 can be made of one',
    );
  });

  it('a list that only says that it is long is refused before it is read', () => {
    expect(told(new Array(2 ** 32 - 1))).toContain('returned 4294967295 events');
  });

  const quarter = (more = 0) => ({ text: 'x'.repeat(4 * 1_048_576 - '{"text":""}'.length + more) });
  const tooMuch =
    'TransformError: transform returned more than 16 MB for event m1; return fewer or smaller events';

  it('16 MB can be made of one, and not a character more', () => {
    expect(told([quarter(), quarter(), quarter(), quarter()])).toBe('4 outputs');
    expect(told([quarter(), quarter(), quarter(), quarter(1)])).toBe(tooMuch);
  });

  it('are the same for an event that is not in a list', () => {
    const text = 'x'.repeat(16 * 1_048_576 - '{"text":""}'.length);
    expect(told({ text })).toBe('1 outputs');
    expect(told({ text: `${text}x` })).toBe(tooMuch);
  });

  it('the names of all outputs of an event fit the record of its message', () => {
    const item = 400 * 1_024;
    expect(MAX_OUTPUTS * NAME_LENGTH).toBeLessThan(item - MAX_MESSAGE_BYTES - 20_000);
  });
});

describe('whatever a transform returns', () => {
  const output = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });

  test('outputs keep their order and contents', () => {
    fc.assert(
      fc.property(fc.array(output, { maxLength: 6 }), (outputs) => {
        expect(run(outputs)).toEqual(JSON.parse(JSON.stringify(outputs)));
      }),
    );
  });

  test('outputs are objects of JSON, or it is a crash that says so: nothing else comes out', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (returned) => {
        const result = crashOf(returned);
        if (!Array.isArray(result)) {
          expect(result).toHaveProperty('name', 'TransformError');
          return;
        }
        for (const json of result as string[]) expect(json).toMatch(/^\{.*\}$/s);
      }),
    );
  });
});
