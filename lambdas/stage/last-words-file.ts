/**
 * Last words in a file of the environment's own `/tmp`, which Lambda keeps when a process ends and another starts in its place.
 * Source: AWS Lambda, "Understanding the execution environment lifecycle": a reset does not clear `/tmp`.
 *
 * Each note is a line that is appended: written before it is acted on, and there after any kind of death of the process.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toHeld, type LastWords, type Words } from '../core/stage/last-words.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { StageQueue } from '../core/stage/ports.ts';

const FILE = 'sluice-last-words';

type Line =
  | { readonly received: Omit<Words, 'inHand'> }
  | { readonly begun: Words['inHand'][number] }
  | { readonly ended: string }
  | { readonly abandoned: true }
  | { readonly released: readonly string[] };

/** @returns undefined when the process before did not die with a batch in hand */
const parse = (text: string): Words | undefined => {
  let words: Words | undefined;
  let isBesideThread = false;
  for (const json of text.split('\n')) {
    if (json === '') continue;
    let line: Line;
    try {
      line = JSON.parse(json) as Line;
    } catch {
      // The process died in the middle of its last line: what that was about to say had not begun.
      break;
    }
    if ('received' in line) {
      words = { ...line.received, inHand: [] };
      isBesideThread = false;
    } else if (words === undefined) continue;
    else if ('abandoned' in line) {
      isBesideThread = true;
      if (words.inHand.length > 1) words = { ...words, inHand: [] };
    } else if ('begun' in line) {
      // That thread may end the process under it.
      if (!isBesideThread) words = { ...words, inHand: [...words.inHand, line.begun] };
    } else if ('ended' in line) {
      const { ended } = line;
      words = { ...words, inHand: words.inHand.filter(({ id }) => id !== ended) };
    } else {
      const released = new Set(line.released);
      words = { ...words, held: words.held.filter(({ id }) => !released.has(id)) };
    }
  }
  return words;
};

/** What the stage's shell does with last words, besides what the core notes. */
export interface StageLastWords extends LastWords {
  /** What the process before this one left, once. Never throws: without a file there are no last words. */
  take(): Words | undefined;
  /** A batch has come. @param until no other function can have received its messages by then; milliseconds since 1970 */
  received(messages: readonly IncomingMessage[], until: number): void;
  /** A thread does not end, and may end the process: only a message that is in hand alone now is charged for that. */
  abandoned(): void;
  /** A queue whose messages are let go of before it is asked to hide or delete them: afterwards another may have them. */
  watching(queue: StageQueue): StageQueue;
  /** The function answers: from here on the queue has everything. */
  clear(): void;
}

export interface FileOptions {
  readonly codeVersion: string;
  readonly warn: (message: string, error: unknown) => void;
  /** For tests. */
  readonly directory?: string;
}

export class LastWordsFile implements StageLastWords {
  readonly #options: FileOptions;
  #file: number | undefined;
  #hasWords = false;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  take(): Words | undefined {
    const file = path.join(this.#options.directory ?? tmpdir(), FILE);
    try {
      this.#file = openSync(file, 'a+', 0o600);
      const text = readFileSync(this.#file, 'utf8');
      ftruncateSync(this.#file);
      return parse(text);
    } catch (error) {
      this.#fail('could not open', error);
      return undefined;
    }
  }

  received(messages: readonly IncomingMessage[], until: number): void {
    const { codeVersion } = this.#options;
    this.#hasWords = true;
    this.#write({ received: { codeVersion, until, held: messages.map(toHeld) } });
  }

  begun({ id }: IncomingMessage, stamp: string, isCharged: boolean): void {
    this.#write({ begun: { id, stamp, isCharged } });
  }

  ended({ id }: IncomingMessage): void {
    this.#write({ ended: id });
  }

  abandoned(): void {
    this.#write({ abandoned: true });
  }

  clear(): void {
    if (this.#file === undefined || !this.#hasWords) return;
    this.#hasWords = false;
    try {
      ftruncateSync(this.#file);
    } catch (error) {
      this.#fail('could not clear', error);
    }
  }

  watching(queue: StageQueue): StageQueue {
    return {
      receive: (seconds) => queue.receive(seconds),
      setVisibility: (messages, seconds) => {
        this.#write({ released: messages.map(({ id }) => id) });
        return queue.setVisibility(messages, seconds);
      },
      delete: (message) => {
        this.#write({ released: [message.id] });
        return queue.delete(message);
      },
    };
  }

  /** Outside of a batch (in a drain) there is nothing that could be given back. */
  #write(line: Line): void {
    if (this.#file === undefined || !this.#hasWords) return;
    try {
      writeSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      this.#fail('could not write', error);
    }
  }

  /** Half of the words would be wrong words: there are none from here on. */
  #fail(what: string, error: unknown): void {
    const file = this.#file;
    this.#file = undefined;
    this.#options.warn(`${what} the last words; a death of the process is noticed later`, error);
    if (file === undefined) return;
    for (const letGo of [ftruncateSync, closeSync]) {
      try {
        letGo(file);
      } catch (other) {
        // A stage works without last words; it must not fail for want of them.
        this.#options.warn('could not put the last words away', other);
      }
    }
  }
}
