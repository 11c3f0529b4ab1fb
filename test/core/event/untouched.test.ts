import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from '../../../lambdas/core/base/exact-json.ts';
import { toEvents } from '../../../lambdas/core/event/outputs.ts';
import type { Json, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { restoreNumbers } from '../../../lambdas/core/event/untouched.ts';

/** What comes out of a transform that sees what `JSON.parse` gives. */
const through = (text: string, transform: (value: never) => unknown): string => {
  const made = JSON.stringify(transform(JSON.parse(text) as never));
  return stringify(restoreNumbers(parse(text) as Json, JSON.parse(made) as Json));
};

describe('numbers that a transform left alone', () => {
  test('keep their text in the same place', () => {
    const text = '{"a":9007199254740993,"b":{"c":1.0,"d":-0},"e":1e400}';
    expect(through(text, (event) => event)).toBe(text);
    expect(through(text, (event: object) => ({ ...event, new: 1 }))).toBe(`${text.slice(0, -1)},"new":1}`);
  });

  test('a number that was changed, moved or taken away is what the transform says', () => {
    const text = '{"a":9007199254740993,"b":1.0,"__proto__":2.0}';
    expect(through(text, ({ a, b }: { a: number; b: number }) => ({ a: a + 10, c: b }))).toBe(
      '{"a":9007199254741002,"c":1}',
    );
    expect(through(text, () => ({ a: '9007199254740993', b: null }))).toBe(
      '{"a":"9007199254740993","b":null}',
    );
    expect(through(text, () => ({ a: { x: 1 }, b: [1] }))).toBe('{"a":{"x":1},"b":[1]}');
    expect(through('{"a":[1.0],"b":{"c":1.0}}', () => ({ a: { 0: 1 }, b: [1] }))).toBe(
      '{"a":{"0":1},"b":[1]}',
    );
  });

  const items = '[{"id":9007199254740993,"n":1},{"id":9007199254740995,"n":3},{"id":7.0,"n":2}]';

  test('elements of a list keep theirs when it is sorted, filtered or longer', () => {
    expect(through(items, (list) => list)).toBe(items);
    expect(through(items, (list: { n: number }[]) => list.toSorted((a, b) => b.n - a.n))).toBe(
      '[{"id":9007199254740995,"n":3},{"id":7.0,"n":2},{"id":9007199254740993,"n":1}]',
    );
    expect(through(items, (list: { n: number }[]) => list.filter(({ n }) => n !== 1))).toBe(
      '[{"id":9007199254740995,"n":3},{"id":7.0,"n":2}]',
    );
    expect(through('[1.0,2.0]', (list: number[]) => [0, ...list])).toBe('[0,1.0,2.0]');
  });

  test('elements that were changed keep theirs while the list has its length', () => {
    const mapped = (list: object[]) => list.map((item) => ({ ...item, currency: 'EUR' }));
    expect(through('[{"id":9007199254740993},{"id":9007199254740992}]', mapped)).toBe(
      '[{"id":9007199254740993,"currency":"EUR"},{"id":9007199254740992,"currency":"EUR"}]',
    );
    expect(through('[{"id":9007199254740993},{"id":1}]', (list: object[]) => mapped(list).slice(0, 1))).toBe(
      '[{"id":9007199254740992,"currency":"EUR"}]',
    );
  });

  test('of elements that a double cannot tell apart, none gets the digits of another', () => {
    const twins = '[9007199254740993,9007199254740992]';
    expect(through(twins, (list) => list)).toBe(twins);
    expect(through(twins, (list: number[]) => list.slice(1))).toBe('[9007199254740992]');
    expect(through(twins, (list: number[]) => [...list.slice(1), 5])).toBe('[9007199254740992,5]');
    expect(through('[9007199254740993,9007199254740993]', (list: number[]) => list.slice(1))).toBe(
      '[9007199254740993]',
    );
  });

  test('each event of a list of outputs is compared with the event it was made of', () => {
    const source = parse('{"messageId":"m","a":1.0}') as SluiceEvent;
    const outputs = ['{"messageId":"m","a":1}', '{"messageId":"m","a":1,"b":1}'];
    expect(stringify(toEvents(outputs, 'm', source))).toBe(
      '[{"messageId":"m","a":1.0},{"messageId":"m:1","a":1.0,"b":1}]',
    );
  });
});
