import { InvalidArgumentError } from 'commander';

/** A whole number of an option. */
export const whole = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
};

/** A text that says something. */
export const words = (text: string): string => {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('Say something: it is kept, for whoever asks later.');
};

/** Examples below a command's help. */
export const examples = (...lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n');
