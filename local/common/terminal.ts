/**
 * Texts for a terminal. What comes from outside (an event, an error, an answer) may hold what a terminal obeys instead of showing it: it sets
 * the clipboard (OSC 52), moves the cursor, or turns the order of letters around. All that is printed passes through `printable`.
 */
import { stripVTControlCharacters } from 'node:util';

/**
 * Controls (C0, C1 with U+009B, which begins a sequence like ESC [), bidirectional controls, separators of lines that no terminal
 * breaks, and tags, which are invisible. Line breaks and tabs are left. Source: Unicode, UAX #9; UTR #36, 3.4.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** What comes from outside, without what a terminal would obey; line breaks stay. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text).replace(/\r\n?/g, '\n').replace(/\t/g, '  ').replace(HIDDEN, '');

/** Colours and weights of our own output: the codes that picocolors writes, but for the one that hides text. */
const STYLE = /(\u001b\[(?:[0-79]|2[1-9]|[349]\d|10[0-7])m)/;

/** The same for a text that is styled: styles stay. */
export const printable = (text: string): string =>
  text
    .split(STYLE)
    .map((part, i) => (i % 2 === 1 ? part : plain(part)))
    .join('');

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

/** JSON for a program that may be shown on a terminal as well: what JSON need not escape is escaped, so that no data is lost. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replace(HIDDEN, escaped);
