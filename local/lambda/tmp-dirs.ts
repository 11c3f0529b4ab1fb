/**
 * The directories that stand for Lambda's `/tmp`: one for each execution environment of a function.
 *
 * Lambda resets an environment when its process ends: the next process starts in the same environment and finds the
 * content of `/tmp` unchanged. An environment that is retired loses its `/tmp`.
 * Source: AWS, "Understand the Lambda execution environment lifecycle".
 */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Retries of a removal: a program that a function started may outlive it and still write there. */
const REMOVE_RETRIES = 3;

const remove = (dir: string): Promise<void> =>
  rm(dir, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });

export class TmpDirs {
  readonly #root: string;
  readonly #onTrouble: (message: string) => void;
  /** Directories of environments that wait for their next process; the most recent reset last. */
  #waiting: { readonly dir: string; readonly since: number }[] = [];
  readonly #removals = new Set<Promise<void>>();

  /**
   * @param root a directory for one function, created when absent; an absolute path
   * @param onTrouble takes one line about a directory that could not be removed
   */
  constructor(root: string, onTrouble: (message: string) => void) {
    this.#root = root;
    this.#onTrouble = onTrouble;
  }

  /**
   * The directory of the environment that was reset most recently, or an empty one.
   * @returns an absolute path that no other process uses
   * @throws when it cannot be created
   */
  take(): string {
    const reset = this.#waiting.pop()?.dir;
    // A function may have removed its own directory, which it could not do to `/tmp`.
    mkdirSync(reset ?? this.#root, { recursive: true });
    // The name must be free: a function that was replaced may still finish its work under the same root.
    return reset ?? mkdtempSync(join(this.#root, 'env-'));
  }

  /** When the environment that was reset most recently was reset, by `performance.now()`; -Infinity: none waits. */
  get lastKeptAt(): number {
    return this.#waiting.at(-1)?.since ?? -Infinity;
  }

  /** Keeps a directory for the next process. Its last process has ended. */
  keep(dir: string): void {
    this.#waiting.push({ dir, since: performance.now() });
  }

  /** Removes a directory in the background. Its last process has ended. */
  remove(dir: string): void {
    const removal = remove(dir)
      .catch((error: unknown) => this.#onTrouble(`${dir} cannot be removed: ${String(error)}`))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Removes the directories that have waited for a process longer than this. @param ms 0 for all of them */
  removeWaiting(ms = 0): void {
    const now = performance.now();
    const expired = this.#waiting.filter(({ since }) => now - since >= ms);
    this.#waiting = this.#waiting.filter(({ since }) => now - since < ms);
    for (const { dir } of expired) this.remove(dir);
  }

  /** Resolves when no removal is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#removals);
  }
}

/**
 * Removes the directories of an earlier local run, whose environments no longer exist. Call it at start, after
 * `killLeftovers`: a process of that run could still write there.
 * @param tmpDir the directory that functions are given as `tmpDir`
 * @throws when it cannot be removed
 */
export const clearTmp = (tmpDir: string): Promise<void> => remove(tmpDir);
