import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { idText, visibleText } from '../../../lambdas/core/event/id-text.ts';

describe('an id that is text', () => {
  test.each([
    [' u1 ', 'u1'],
    ['\tu1\r\n', 'u1'],
    ['zoë-🙂', 'zoë-🙂'],
    ['عمر', 'عمر'],
    ['first last', 'first last'],
    ['u\u200B1\uFEFF', 'u1'],
    ['\u202Eu1', 'u1'],
  ])('%j is %j', (given, expected) => {
    expect(idText(given)).toBe(expected);
  });

  test.each([
    ['zero-width spaces', '\u200B\u200C\u200D\u2060'],
    ['a byte order mark', '\uFEFF'],
    ['spaces that do not break', '\u00A0\u202F \u2007'],
    ['control characters', '\u0000\u0007\u001B\u007F\u0085'],
    ['directions', '\u200E\u200F\u202A\u2066\u2069'],
    ['blank letters', '\u115F\u1160\u3164\uFFA0\u2800\u17B4\u17B5\u034F'],
    ['a soft hyphen', '\u00AD'],
    ['line separators', '\u2028\u2029'],
    ['variation of nothing assigned', '\u{E0001}\u{E0FFF}'],
    ['half of a surrogate pair', '\uD83D'],
  ])('%s are no id', (_, given) => {
    expect(idText(given)).toBe('');
    expect(idText(` ${given}u1${given}`)).toBe('u1');
  });
});

describe('an id that is no text', () => {
  test.each([
    [true, 'true'],
    [false, 'false'],
    [42, '42'],
    [0, '0'],
    [1e21, '1e+21'],
    [{}, '{}'],
    [[], '[]'],
    [['a', 1], '["a",1]'],
    [{ id: 'u1' }, '{"id":"u1"}'],
    [null, ''],
    [undefined, ''],
    [NaN, ''],
    [Infinity, ''],
  ])('%j is %j', (given, expected) => {
    expect(idText(given)).toBe(expected);
  });

  test('is one text however its names are ordered, at every level', () => {
    expect(idText({ b: { d: 1, c: [{ f: 1, e: 2 }] }, a: 1 })).toBe(
      '{"a":1,"b":{"c":[{"e":2,"f":1}],"d":1}}',
    );
    expect(idText(JSON.parse('{"b":1,"__proto__":2}'))).toBe('{"__proto__":2,"b":1}');
  });
});

test('what is visible stays so: reading it twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = visibleText(text);
      expect(visibleText(once)).toBe(once);
      expect(once).toBe(once.trim());
    }),
  );
});
