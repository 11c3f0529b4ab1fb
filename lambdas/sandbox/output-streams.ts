/**
 * What user code prints becomes messages to the function's thread, which makes structured log lines of them. Nothing is written raw:
 * a line that happens to be an embedded metric would count as one of ours.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { apply, byteLengthOf, each, indexOf, isArray, resolved, slice, toText } from './intrinsics.ts';

/** Characters of a line that are kept. */
const MAX_LINE = 4_000;
/** Characters of one write that are looked at; what lies behind them is cut. */
const MAX_CHUNK = 100_000;

export type Level = 'info' | 'warn';
/** Given each line, without its end. */
export type Print = (level: Level, text: string) => void;

const STDOUT = 1;
const STDERR = 2;

/** Files that are the standard streams under another name. */
const STREAM_FILES: readonly { readonly path: string; readonly level: Level }[] = [
  { path: '/dev/stdout', level: 'info' },
  { path: '/dev/fd/1', level: 'info' },
  { path: '/proc/self/fd/1', level: 'info' },
  { path: '/dev/stderr', level: 'warn' },
  { path: '/dev/fd/2', level: 'warn' },
  { path: '/proc/self/fd/2', level: 'warn' },
];

/** @param file a path or a descriptor @returns undefined: it is no standard stream */
const levelOf = (file: unknown): Level | undefined => {
  if (file === STDOUT) return 'info';
  if (file === STDERR) return 'warn';
  let level = undefined as Level | undefined;
  each(STREAM_FILES, (one) => {
    if (one.path === file) level = one.level;
  });
  return level;
};

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

/** Loggers such as pino write to the descriptors themselves. Callers get the answer that all of it was written. */
const captureDescriptors = (name: 'write' | 'writeSync' | 'writev' | 'writevSync', print: Print): void => {
  const real = fs[name] as unknown as (...args: unknown[]) => unknown;
  replace(fs, name, (...args) => {
    const fd = args[0];
    const data = args[1];
    const level = typeof fd === 'number' ? levelOf(fd) : undefined;
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

type Call = (...args: unknown[]) => unknown;

/** In one piece: Node writes these without the functions above. */
const captureFiles = (
  owner: object,
  name: string,
  print: Print,
  end: (args: readonly unknown[]) => unknown,
): void => {
  const real = (owner as Readonly<Record<string, unknown>>)[name] as Call;
  replace(owner, name, (...args) => {
    const level = levelOf(args[0]);
    if (level === undefined) return apply(real, owner, args);
    printLines(args[1], level, print);
    return end(args);
  });
};

/** A stream that is opened by the name of a file leads nowhere: what is written to its descriptor could not be seen. */
const blockOpen = (owner: object, name: string): void => {
  const real = (owner as Readonly<Record<string, unknown>>)[name] as Call;
  replace(owner, name, (...args) => {
    if (levelOf(args[0]) !== undefined) args[0] = '/dev/null';
    return apply(real, owner, args);
  });
};

/** Call it before the user's module is loaded. */
export const captureOutput = (print: Print): void => {
  captureStream(process.stdout, 'info', print);
  captureStream(process.stderr, 'warn', print);
  for (const name of ['write', 'writeSync', 'writev', 'writevSync'] as const) captureDescriptors(name, print);
  for (const name of ['writeFile', 'appendFile']) {
    captureFiles(fs, `${name}Sync`, print, () => undefined);
    captureFiles(fs, name, print, (args) => lastCallback(args)?.(null));
    captureFiles(fs.promises, name, print, () => resolved(undefined));
  }
  for (const owner of [fs, fs.promises]) blockOpen(owner, 'open');
  blockOpen(fs, 'openSync');
  replace(process, '_rawDebug', (...args) => {
    each(args, (value) => printLines(value, 'warn', print));
  });
  syncBuiltinESMExports();
};
