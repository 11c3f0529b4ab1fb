/** The terminal, if there is one. */
import { createInterface } from 'node:readline/promises';
import { isatty } from 'node:tty';
import pc from 'picocolors';
import { jsonText, printable } from '../local/common/terminal.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** A log of continuous integration, which picocolors would colour, is no terminal. */
export const colors: Colors = pc.createColors(isatty(process.stdout.fd) && pc.isColorSupported);

export const print = (text: string): void => {
  process.stdout.write(`${printable(text)}\n`);
};

export const printJson = (value: unknown): void => {
  process.stdout.write(`${jsonText(value, 2)}\n`);
};

export const complain = (text: string): void => {
  process.stderr.write(`${printable(text)}\n`);
};

export interface Dialogue {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Not the standard output, which may be a program's input. */
  readonly output: NodeJS.WritableStream;
}

export const dialogue: Dialogue = { input: process.stdin, output: process.stderr };

/** Nobody could answer a question. */
export const isUnattended = ({ input }: Dialogue): boolean => input.isTTY !== true;

/** Anything but yes is no, and so is the end of the input. */
export const confirm = async (question: string, { input, output }: Dialogue): Promise<boolean> => {
  const terminal = createInterface({ input, output });
  try {
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question(`${printable(question)} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
};
