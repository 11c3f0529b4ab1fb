import { InvalidArgumentError } from 'commander';
import ms, { type StringValue } from 'ms';

/** A whole number of an option. */
export const whole = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
};

/** A text that says something. */
export const words = (text: string): string => {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('Say something: it is kept, for those who ask later.');
};

/** A time, or how long ago. */
export const time = (text: string): string => {
  const ago = /^\d+(\.\d+)?\s*[a-z]+$/i.test(text.trim()) ? ms(text.trim() as StringValue) : undefined;
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError('Use a time, such as 2026-11-22T10:00:00Z, or how long ago, such as 2h.');
};

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');

/** An order key is 43 characters of base64url. One in 64 begins with a dash, and would be taken for an option. */
const KEY_WITH_DASH = /^-[\w-]{42}$/;
const MARK = 'key:';

/** The words of the command line, with such keys marked. */
export const withMarkedKeys = (argv: readonly string[]): string[] =>
  argv.map((word) => (KEY_WITH_DASH.test(word) ? `${MARK}${word}` : word));

/** An order key that is an argument. */
export const orderKey = (text: string): string => {
  const unmarked = text.slice(MARK.length);
  return text.startsWith(MARK) && KEY_WITH_DASH.test(unmarked) ? unmarked : text;
};
