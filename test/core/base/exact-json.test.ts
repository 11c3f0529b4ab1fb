import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ExactNumber, hasExactNumber, parse, stringify } from '../../../lambdas/core/base/exact-json.ts';

const through = (text: string): string => stringify(parse(text));

/** Numbers that a double changes, or writes in another form. */
const CHANGED = [
  '9007199254740993',
  '-175928847299117063',
  '1e400',
  '-1e400',
  '-0',
  '1.0',
  '0.10',
  '1E5',
  '1e-07',
  '0.1234567890123456789',
  '1000000000000000000000000',
];
const PLAIN = ['0', '7', '-7', '19.99', '1764100000123', '9007199254740992', '1e+21', '1e-7', '5e-324'];

describe('exact JSON', () => {
  test.each(CHANGED)('%s keeps its text', (number) => {
    expect(JSON.stringify(JSON.parse(number))).not.toBe(number);
    expect(hasExactNumber(number)).toBe(true);
    expect(through(number)).toBe(number);
    expect(through(`[${number},{"a":${number}}]`)).toBe(`[${number},{"a":${number}}]`);
  });

  test.each(PLAIN)('%s is an ordinary number', (number) => {
    expect(hasExactNumber(number)).toBe(false);
    expect(parse(number)).toBe(Number(number));
    expect(through(number)).toBe(number);
  });

  test('whatever number a text has, and however it stands there', () => {
    const digits = fc.oneof(fc.nat(99), fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 21n })).map(String);
    const fraction = fc.tuple(fc.constantFrom('', '0', '00000', '000000'), digits).map((all) => all.join(''));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(digits, fc.constant('0')),
        fc.option(fraction, { nil: undefined }),
        fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.nat(30)), { nil: undefined, freq: 5 }),
      )
      .map(([sign, whole, part, exponent]) =>
        [sign, whole, part === undefined ? '' : `.${part}`, ...(exponent ?? [])].join(''),
      );
    const space = fc.constantFrom('', '', ' ', '\n\t ');
    const places = fc.constantFrom<(text: string, gap: string) => string>(
      (text, gap) => `${gap}${text}${gap}`,
      (text, gap) => `[${gap}${text}${gap}]`,
      (text, gap) => `["1.0, ",${gap}${text}${gap},{}]`,
      (text, gap) => `{"a: 1.0 ":${gap}${text}${gap}}`,
      (text, gap) => `{"a":[${gap}${text}${gap},1],"b":"[-0 "}`,
    );
    fc.assert(
      fc.property(number, space, places, (text, gap, place) => {
        expect(hasExactNumber(place(text, gap))).toBe(String(Number(text)) !== text);
      }),
      { numRuns: 3_000 },
    );
  });

  test('what stands in a string is no number', () => {
    const text = String.raw`{"1.0":"9007199254740993, \" 1.0, \\","a":["1e400"]}`;
    expect(hasExactNumber(text)).toBe(false);
    expect(through(text)).toBe(text);
  });

  test('white space goes, digits stay', () => {
    expect(through(' { "a" : [ 1.0 ,\n2.00\t] , "b" : -0 } ')).toBe('{"a":[1.0,2.00],"b":-0}');
  });

  test('of two fields of one name the last one counts', () => {
    expect(through('{"a":1.0,"a":2}')).toBe('{"a":2}');
    expect(through('{"a":9007199254740993,"a":9007199254740992}')).toBe('{"a":9007199254740992}');
    expect(through('{"a":{"b":1.0},"a":{"b":1}}')).toBe('{"a":{"b":1}}');
    expect(through('{"a":[1.0,2.0],"a":[5]}')).toBe('{"a":[5]}');
    expect(through('{"a":1.0,"a":{"b":3.0}}')).toBe('{"a":{"b":3.0}}');
    expect(through('{"a":{"b":3.0},"a":"x","c":4.0}')).toBe('{"a":"x","c":4.0}');
  });

  test('names that mean something to JavaScript are names', () => {
    const text = '{"__proto__":{"x":1.0},"constructor":2.0,"\\u0061":3.0}';
    expect(through(text)).toBe('{"__proto__":{"x":1.0},"constructor":2.0,"a":3.0}');
    expect(through('{"a":{"__proto__":{"x":1.0}},"a":{}}')).toBe('{"a":{}}');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('a text that looks like what stands for a number is text', () => {
    const text = '{"#0":"#0","a":1.0,"b":["#0","#1","\\"#0\\"",2.0]}';
    expect(through(text)).toBe(text);
    expect(through('["#0","#1","#2",1.0]')).toBe('["#0","#1","#2",1.0]');
  });

  test('levels without end overflow nothing', () => {
    const depth = 200_000;
    const value = parse(`${'['.repeat(depth)}1.0${']'.repeat(depth)}`);
    expect(Array.isArray(value)).toBe(true);
  });

  test('to JavaScript it is the number that JSON.parse makes', () => {
    expect(JSON.stringify(parse('[9007199254740993,1e400,-0]'))).toBe('[9007199254740992,null,0]');
    expect(parse('1.0')).toEqual(new ExactNumber('1.0'));
  });

  test('anything that is not JSON is a SyntaxError', () => {
    for (const text of ['', 'NaN', '{"a":1.0', '01', '1.', '[1.0,]']) {
      expect(() => parse(text)).toThrow(SyntaxError);
    }
  });

  test('property: any JSON, with any numbers, comes out as it went in', () => {
    const numbers = fc.constantFrom(...CHANGED, ...PLAIN);
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        numbers,
        fc.string().map((text) => JSON.stringify(text)),
        fc.constantFrom('null', 'true', '"#0"'),
        fc.array(tie('value')).map((items) => `[${items.join(',')}]`),
        fc
          .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), tie('value')), { selector: ([name]) => name })
          // Names of digits would be put first by any JavaScript.
          .map((fields) => fields.map(([name, one]) => `${JSON.stringify(`.${name}`)}:${one}`))
          .map((fields) => `{${fields.join(',')}}`),
      ),
    }));
    fc.assert(
      fc.property(value, (text) => {
        expect(through(text)).toBe(text);
        expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
