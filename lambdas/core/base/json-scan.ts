/** Walks over JSON as text, where the text of a number matters, or the text is not JSON throughout. */

export const CODE = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  backslash: 0x5c,
  openList: 0x5b,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

/** @param start of a string: its first quote @returns the index behind its last quote; the text's length when it has none */
export const endOfString = (text: string, start: number): number => {
  // The search of the engine is many times faster than a loop over the characters.
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (first - 1 > start && text.charCodeAt(first - 1) === CODE.backslash) first -= 1;
    if ((at - first) % 2 === 0) return at + 1;
  }
  return text.length;
};

/** Whether a number can begin with it. */
export const beginsNumber = (code: number): boolean =>
  (code >= CODE.zero && code <= CODE.nine) || code === CODE.minus;

/** Digits, `+`, `-`, `.`, `e` and `E`; and `/`, which no number in JSON has. */
const isInNumber = (code: number): boolean =>
  (code >= 0x2b && code <= CODE.nine && code !== CODE.comma) || code === 0x65 || code === 0x45;

/** @param start of a number in valid JSON @returns the index behind it */
export const endOfNumber = (text: string, start: number): number => {
  let end = start + 1;
  while (end < text.length && isInNumber(text.charCodeAt(end))) end += 1;
  return end;
};
