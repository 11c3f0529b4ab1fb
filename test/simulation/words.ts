/** Last words in memory, by the same rules as `lambdas/stage/last-words-file.ts`. */
import { toHeld, type Words } from '../../lambdas/core/stage/last-words.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import type { StageQueue } from '../../lambdas/core/stage/ports.ts';
import type { StageLastWords } from '../../lambdas/stage/last-words-file.ts';

/** The file that a process of an environment has written and the next one reads. */
export class WordsFile {
  words: Words | undefined;
}

/** The last words of one process. */
export class MemoryLastWords implements StageLastWords {
  readonly #file: WordsFile;
  readonly #codeVersion: string;
  #hasWords = false;
  #isBesideThread = false;

  constructor(file: WordsFile, codeVersion: string) {
    this.#file = file;
    this.#codeVersion = codeVersion;
  }

  take(): Words | undefined {
    const { words } = this.#file;
    this.#file.words = undefined;
    return words;
  }

  received(messages: readonly IncomingMessage[], until: number): void {
    this.#hasWords = true;
    this.#isBesideThread = false;
    this.#file.words = { codeVersion: this.#codeVersion, until, held: messages.map(toHeld), inHand: [] };
  }

  abandoned(): void {
    this.#isBesideThread = true;
    this.#change((words) => (words.inHand.length > 1 ? { ...words, inHand: [] } : words));
  }

  begun({ id }: IncomingMessage, stamp: string, isCharged: boolean): void {
    if (this.#isBesideThread) return;
    this.#change((words) => ({ ...words, inHand: [...words.inHand, { id, stamp, isCharged }] }));
  }

  ended(message: IncomingMessage): void {
    this.#change((words) => ({ ...words, inHand: words.inHand.filter(({ id }) => id !== message.id) }));
  }

  watching(queue: StageQueue): StageQueue {
    const released = (messages: readonly IncomingMessage[]): void => {
      const ids = new Set(messages.map(({ id }) => id));
      this.#change((words) => ({ ...words, held: words.held.filter(({ id }) => !ids.has(id)) }));
    };
    return {
      receive: (seconds) => queue.receive(seconds),
      setVisibility: (messages, seconds) => {
        released(messages);
        return queue.setVisibility(messages, seconds);
      },
      delete: (message) => {
        released([message]);
        return queue.delete(message);
      },
    };
  }

  clear(): void {
    if (!this.#hasWords) return;
    this.#hasWords = false;
    this.#file.words = undefined;
  }

  #change(to: (words: Words) => Words): void {
    const { words } = this.#file;
    if (this.#hasWords && words !== undefined) this.#file.words = to(words);
  }
}
