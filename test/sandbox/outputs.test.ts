/** What a transform may return, and the result: JSON, or a crash of the user's code. */
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

/** Shortened, because outputs may be long. */
const outcomeOf = (returned: unknown): string => {
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

  it('an instance of a user-defined class', () => {
    class Purchase {
      price = 2;
    }
    expect(run(new Purchase())).toEqual([{ price: 2 }]);
  });

  it('an object without a prototype, and one whose toJSON gives an object', () => {
    expect(run(Object.assign(Object.create(null) as object, { a: 1 }))).toEqual([{ a: 1 }]);
    expect(run({ toJSON: () => ({ a: 1 }) })).toEqual([{ a: 1 }]);
  });

  it('values that JSON omits are dropped', () => {
    expect(run({ a: 1, no: undefined, call: () => 1, at: new Date(0) })).toStrictEqual([
      { a: 1, at: '1970-01-01T00:00:00.000Z' },
    ]);
  });
});

describe('a crash', () => {
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
    ['an object that JSON turns into a string', { toJSON: () => 'text' }, notHeld],
    ['an object that JSON turns into a list', { toJSON: () => [{ a: 1 }] }, notHeld],
    ['an object that JSON turns into null', { toJSON: () => null }, notHeld],
    ['an object that JSON omits', { toJSON: () => undefined }, notHeld],
    ['such an object in a list', [{ a: 1 }, { toJSON: () => 7 }], notHeld],
  ])('%s', (_, returned, message) => {
    const crash = crashOf(returned);
    expect(crash).toHaveProperty('name', 'TransformError');
    expect(String(crash)).toContain(message);
  });

  it('in JSON.stringify has the thrown value as its cause', () => {
    expect(crashOf(loop)).toHaveProperty('cause', expect.any(TypeError));
    const failure = new RangeError('thrown by toJSON');
    const toJSON = () => {
      throw failure;
    };
    expect(crashOf({ toJSON })).toHaveProperty('cause', failure);
  });

  it('in reading the result is rethrown unchanged', () => {
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
  it('allow 5,000 events per event, and no more', () => {
    const outputs = Array.from({ length: 5_001 }, (_, i) => ({ i }));
    expect(run(outputs.slice(1))).toHaveLength(5_000);
    expect(outcomeOf(outputs)).toBe(
      'TransformError: transform returned 5001 events for event m1; at most 5000 can be made of one',
    );
  });

  it('refuse a list by its length before it is read', () => {
    expect(outcomeOf(new Array(2 ** 32 - 1))).toContain('returned 4294967295 events');
  });

  const quarter = (more = 0) => ({ text: 'x'.repeat(4 * 1_048_576 - '{"text":""}'.length + more) });
  const tooMuch =
    'TransformError: transform returned more than 16 MB for event m1; return fewer or smaller events';

  it('allow 16 MB per event, and not a character more', () => {
    expect(outcomeOf([quarter(), quarter(), quarter(), quarter()])).toBe('4 outputs');
    expect(outcomeOf([quarter(), quarter(), quarter(), quarter(1)])).toBe(tooMuch);
  });

  it('are the same for an event that is not in a list', () => {
    const text = 'x'.repeat(16 * 1_048_576 - '{"text":""}'.length);
    expect(outcomeOf({ text })).toBe('1 outputs');
    expect(outcomeOf({ text: `${text}x` })).toBe(tooMuch);
  });

  it('keep the names of all outputs of an event small enough for the record of its message', () => {
    const item = 400 * 1_024;
    expect(MAX_OUTPUTS * NAME_LENGTH).toBeLessThan(item - MAX_MESSAGE_BYTES - 20_000);
  });
});

describe('any value that a transform returns', () => {
  const output = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });

  test('gives outputs in their order, with their contents', () => {
    fc.assert(
      fc.property(fc.array(output, { maxLength: 6 }), (outputs) => {
        expect(run(outputs)).toEqual(JSON.parse(JSON.stringify(outputs)));
      }),
    );
  });

  test('gives outputs that are JSON objects, or a crash that says so', () => {
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
