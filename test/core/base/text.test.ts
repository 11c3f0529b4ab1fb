import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cut, shorten } from '../../../lambdas/core/base/text.ts';

test('cut does not change a text that fits', () => {
  // Half a character, which UTF-8 cannot hold; a byte order mark; and a text whose length is exactly the limit.
  for (const text of ['\ud800', '\ufeffa', '€']) expect(cut(text, 4)).toBe(text);
  expect(cut('\ud800', 3)).toBe('\ud800');
});

test('cut keeps a byte order mark', () => {
  expect(cut('\ufeffabc', 4)).toBe('\ufeffa');
});

test('cut never leaves half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, bytes) => {
      const start = cut(text, bytes);
      expect(text.startsWith(start)).toBe(true);
      expect(Buffer.byteLength(start)).toBeLessThanOrEqual(bytes);
      expect(Buffer.byteLength(start)).toBeGreaterThan(Math.min(bytes, Buffer.byteLength(text)) - 4);
    }),
  );
});

test('shorten shows that something was cut off, within the same limit', () => {
  expect(shorten('ab€', 5)).toBe('ab€');
  expect(shorten('abcdef', 5)).toBe('ab…');
});
