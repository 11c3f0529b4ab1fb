/** Values as people read them. Pure: the present is a parameter. All times are milliseconds since 1970. */
import { plain } from '../local/common/terminal.ts';

export { plain };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One unit is enough to judge by; up to two of the next unit it stays with the smaller one. */
const duration = (milliseconds: number): string => {
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < 2 * HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  return `${Math.floor(milliseconds / DAY)} d`;
};

/** "90 days" */
export const days = (milliseconds: number): string => plural(Math.floor(milliseconds / DAY), 'day');

/** "12 min ago". What lies ahead by this machine's clock, which AWS does not share, is "just now". */
export const ago = (at: number, now: number): string =>
  now - at < SECOND ? 'just now' : `${duration(now - at)} ago`;

/** "in 4 min"; "due" when it is over. */
export const ahead = (at: number, now: number): string =>
  at - now < SECOND ? 'due' : `in ${duration(at - now)}`;

/** To the second; `--json` has the milliseconds. */
export const iso = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** "2026-11-22T21:40:00Z (12 min ago)" */
export const isoAgo = (at: number, now: number): string => `${iso(at)} (${ago(at, now)})`;

const grouped = new Intl.NumberFormat('en-US');
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });

/** At most 7 characters up to a thousand million, so that a column of them keeps its width. */
export const count = (value: number): string =>
  value < 1_000_000 ? grouped.format(value) : compact.format(value);

/** "1 key", "3 keys", "1,204 parked keys", "2 crashes" */
export const plural = (value: number, one: string, several = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : several}`;

export const bytes = (size: number): string =>
  size < 1024 ? `${size} B` : `${(size / 1024).toFixed(size < 10 * 1024 ? 1 : 0)} KB`;

/** A content hash, as far as people compare it. */
export const version = (codeVersion: string): string =>
  codeVersion === '' ? 'unknown' : codeVersion.slice(0, 12);

const graphemes = new Intl.Segmenter();

/** The same on one line of at most `width` characters. */
export const line = (text: string, width: number): string => {
  const single = plain(text).replace(/\s+/g, ' ').trim();
  const characters = Array.from(graphemes.segment(single), ({ segment }) => segment);
  return characters.length <= width
    ? single
    : `${characters
        .slice(0, width - 1)
        .join('')
        .trimEnd()}…`;
};

/** Keeps the end of a long path: it is the useful part. */
const call = (text: string, width: number): string => {
  const whole = text.trim();
  const [, name = 'at ', place = whole] = /^(.*?\(|at )(.*)$/.exec(whole) ?? [];
  const room = width - name.length - 1;
  return whole.length <= width || room < 10 ? line(whole, width) : `${name}…${place.slice(-room)}`;
};

/** Where it happened: the first calls of a stack, without the message, which is shown next to it. */
export const stackLines = (stack: string | undefined, lines: number, width: number): readonly string[] =>
  plain(stack ?? '')
    .split('\n')
    .filter((text) => /^\s*at /.test(text))
    .slice(0, lines)
    .map((text) => call(text, width));
