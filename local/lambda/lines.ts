import type { Readable } from 'node:stream';

/** CloudWatch cuts a log event at 1 MiB; so does this, so that a function that never ends a line fills no memory. */
const MAX_LINE = 1_048_576;

/** Calls `sink` with each line of a stream of UTF-8, without its end; the last one need not have an end. */
export const splitLines = (stream: Readable, sink: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) sink(line.endsWith('\r') ? line.slice(0, -1) : line);
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) sink(rest.slice(0, MAX_LINE));
  });
  stream.on('end', () => {
    if (rest !== '') sink(rest);
    rest = '';
  });
};
