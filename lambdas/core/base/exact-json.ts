/**
 * JSON whose numbers keep the digits of their text.
 *
 * `JSON.parse` makes a double of each number, and `JSON.stringify` writes that double: 9007199254740993 becomes
 * 9007199254740992, 1e400 becomes null, 1.0 becomes 1. Here, a number that would be written otherwise than it was read
 * becomes an `ExactNumber`, which holds its text. All other numbers stay numbers, and a text without such a number costs one
 * scan. (`JSON.rawJSON` and the source text of `JSON.parse` do the same in newer versions of Node; version 20 has neither.)
 */
import { beginsNumber, CODE, endOfNumber, endOfString } from './json-scan.ts';

/** The texts of the numbers that `stringify` has met; undefined while it does not run. */
let met: string[] | undefined;
let placeholder = '';

/** A number that a double cannot hold, or not in the form in which it was sent. */
export class ExactNumber {
  /** As JSON has it. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** What `JSON.stringify` writes: outside of `stringify` the double, as `JSON.parse` makes it. */
  toJSON(): unknown {
    if (met === undefined) return Number(this.text);
    met.push(this.text);
    return placeholder;
  }
}

/** Whether the number between the two places is written as it was read. */
const survives = (text: string, start: number, end: number): boolean => {
  if (end - start < 16) {
    let i = start;
    while (i < end && text.charCodeAt(i) >= CODE.zero && text.charCodeAt(i) <= CODE.nine) i += 1;
    if (i === end) return true;
  }
  const number = text.slice(start, end);
  return String(Number(number)) === number;
};

/**
 * Finds each number inside an object or a list that may not survive: of more than 15 characters, with an exponent, with a zero at the end of
 * its fraction, `-0`, and what is so small that it is written with an exponent. (Any 15 digits go through a double.) It looks into strings as
 * well, and so may find too much.
 */
const SUSPECT = /[:,[]\s*(?:-0|-?(?:\d[\d.]{15,}|0\.000000\d*|\d+(?:\.\d*0|(?:\.\d+)?[eE][-+]?\d+)))[\s,}\]]/;

/** @param text valid JSON */
export const hasExactNumber = (text: string): boolean =>
  (!isContainer(text) || SUSPECT.test(text)) && findsExact(text);

const isContainer = (text: string): boolean => {
  const code = text.charCodeAt(0);
  return code === CODE.openObject || code === CODE.openList;
};

const findsExact = (text: string): boolean => {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === CODE.quote) {
      i = endOfString(text, i) - 1;
    } else if (beginsNumber(code)) {
      const end = endOfNumber(text, i);
      if (!survives(text, i, end)) return true;
      i = end - 1;
    }
  }
  return false;
};

/** An object or a list that was parsed, with the place in it that the text has come to. */
interface Place {
  /** Undefined: a later field of the same name has taken the place of the whole. */
  readonly container: Record<string | number, unknown> | undefined;
  readonly isList: boolean;
  key: string | number;
  /** The next string is a name. */
  isName: boolean;
}

const asContainer = (value: unknown, isList: boolean): Place['container'] =>
  typeof value === 'object' && value !== null && Array.isArray(value) === isList
    ? (value as Record<string, unknown>)
    : undefined;

/** What the field has; a name such as `__proto__` reaches no prototype. */
const at = ({ container, key }: Place): unknown =>
  container !== undefined && Object.hasOwn(container, key) ? container[key] : undefined;

/** Of several fields of one name the last one counts, as in `JSON.parse`: each number is put where the text has it, in order. */
const setNumber = (place: Place, text: string): void => {
  const now = at(place);
  if (place.container === undefined || (typeof now !== 'number' && !(now instanceof ExactNumber))) return;
  place.container[place.key] = survives(text, 0, text.length) ? Number(text) : new ExactNumber(text);
};

/** @param value what `JSON.parse` made of the text; it is changed @returns it, or what takes its place */
const withExactNumbers = (value: unknown, text: string): unknown => {
  const root: Place = { container: { value }, isList: false, key: 'value', isName: false };
  const outer: Place[] = [];
  let place = root;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === CODE.quote) {
      const end = endOfString(text, i);
      if (place.isName) {
        place.key = JSON.parse(text.slice(i, end)) as string;
        place.isName = false;
      }
      i = end - 1;
    } else if (beginsNumber(code)) {
      const end = endOfNumber(text, i);
      setNumber(place, text.slice(i, end));
      i = end - 1;
    } else if (code === CODE.openObject || code === CODE.openList) {
      const isList = code === CODE.openList;
      const inner: Place = { container: asContainer(at(place), isList), isList, key: 0, isName: !isList };
      outer.push(place);
      place = inner;
    } else if (code === CODE.closeObject || code === CODE.closeList) {
      place = outer.pop() ?? root;
    } else if (code === CODE.comma) {
      if (place.isList) place.key = Number(place.key) + 1;
      else place.isName = true;
    }
  }
  return at(root);
};

/** As `JSON.parse`, with `ExactNumber`s. @throws SyntaxError */
export const parse = (text: string): unknown => {
  const value: unknown = JSON.parse(text);
  return hasExactNumber(text) ? withExactNumbers(value, text) : value;
};

/**
 * As `JSON.stringify`, with the text of each `ExactNumber`. `JSON.stringify` itself writes a placeholder in quotes for each, in order;
 * another placeholder is tried where the value has a text that equals it.
 */
export const stringify = (value: unknown): string => {
  for (let attempt = 0; ; attempt += 1) {
    const texts: string[] = [];
    let json: string;
    placeholder = `#${attempt}`;
    met = texts;
    try {
      json = JSON.stringify(value);
    } finally {
      met = undefined;
    }
    if (texts.length === 0) return json;
    const parts = json.split(`"${placeholder}"`);
    if (parts.length === texts.length + 1) return parts.map((part, i) => part + (texts[i] ?? '')).join('');
  }
};
