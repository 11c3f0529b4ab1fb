/** A function's log on disk. */
import { createWriteStream, type WriteStream } from 'node:fs';

/** For how long lines are gathered: a write is work for two threads, and an invocation logs several lines. */
const GATHER_MS = 20;

export class LogFile {
  readonly #stream: WriteStream;
  readonly #gatherMs: number;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Appends to the file; it is made when it does not exist. */
  constructor(path: string, gatherMs = GATHER_MS) {
    this.#stream = createWriteStream(path, { flags: 'a' });
    this.#gatherMs = gatherMs;
  }

  /** What comes after the end is dropped: what a process has started may outlive it, and still write. */
  add(line: string): void {
    if (this.#stream.writableEnded) return;
    this.#lines.push(line, '\n');
    this.#timer ??= setTimeout(() => this.#write(), this.#gatherMs);
  }

  /** Resolves when all lines are in the file. */
  async end(): Promise<void> {
    this.#write();
    await new Promise<void>((resolve) => this.#stream.end(resolve));
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length > 0) this.#stream.write(this.#lines.join(''));
    this.#lines = [];
  }
}
