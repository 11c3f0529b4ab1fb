/**
 * What user code prints becomes messages to the function's thread, which makes structured log lines of them. Nothing is written raw:
 * a line that happens to be an embedded metric would count as one of ours.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { apply, byteLengthOf, each, indexOf, isArray, slice, toText } from './intrinsics.ts';

/** Characters of a line that are kept. */
const MAX_LINE = 4_000;
/** Characters of one write that are looked at; what lies behind them is cut. */
const MAX_CHUNK = 100_000;

export type Level = 'info' | 'warn';
/** Given each line, without its end. */
export type Print = (level: Level, text: string) => void;

const STDOUT = 1;
const STDERR = 2;

const printLines = (chunk: unknown, level: Level, print: Print): void => {
  const whole = slice(typeof chunk === 'string' ? chunk : toText(chunk), 0, MAX_CHUNK);
  let from = 0;
  while (from < whole.length) {
    const end = indexOf(whole, '\n', from);
    const to = end === -1 ? whole.length : end;
    if (to > from) print(level, slice(whole, from, to > from + MAX_LINE ? from + MAX_LINE : to));
    from = to + 1;
  }
};

type Callback = (...args: unknown[]) => void;

const lastCallback = (args: readonly unknown[]): Callback | undefined => {
  const last = args[args.length - 1];
  return typeof last === 'function' ? (last as Callback) : undefined;
};

const sizeOf = (data: unknown): number =>
  typeof data === 'string' ? byteLengthOf(data) : ((data as { byteLength?: number }).byteLength ?? 0);

const replace = (owner: object, name: string, by: (...args: unknown[]) => unknown): void => {
  Object.defineProperty(owner, name, { value: by, writable: true, configurable: true });
};

const captureStream = (stream: NodeJS.WriteStream, level: Level, print: Print): void => {
  replace(stream, 'write', (...args) => {
    printLines(args[0], level, print);
    lastCallback(args)?.();
    return true;
  });
};

/** Loggers such as pino write to the descriptors themselves. Callers are told that all of it was written. */
const captureDescriptors = (name: 'write' | 'writeSync' | 'writev' | 'writevSync', print: Print): void => {
  const real = fs[name] as unknown as (...args: unknown[]) => unknown;
  replace(fs, name, (...args) => {
    const fd = args[0];
    const data = args[1];
    const level = fd === STDOUT ? 'info' : fd === STDERR ? 'warn' : undefined;
    if (level === undefined) return apply(real, fs, args);
    const chunks: readonly unknown[] = isArray(data) ? data : [data];
    let size = 0;
    each(chunks, (chunk) => {
      printLines(chunk, level, print);
      size += sizeOf(chunk);
    });
    if (name === 'writeSync' || name === 'writevSync') return size;
    lastCallback(args)?.(null, size, data);
    return undefined;
  });
};

/** Call it before the user's module is loaded. */
export const captureOutput = (print: Print): void => {
  captureStream(process.stdout, 'info', print);
  captureStream(process.stderr, 'warn', print);
  for (const name of ['write', 'writeSync', 'writev', 'writevSync'] as const) captureDescriptors(name, print);
  replace(process, '_rawDebug', (...args) => {
    each(args, (value) => printLines(value, 'warn', print));
  });
  syncBuiltinESMExports();
};
