/** The other end of `commit-thread.mjs`: one transaction after another, in a thread of their own. */
import { Worker } from 'node:worker_threads';

export type Value = string | number | null;
/** The name of a statement, and its values. */
export type Row = readonly [string, ...Value[]];

export interface CommitterOptions {
  /** Of the database, which exists and has its tables. */
  readonly path: string;
  readonly pragmas: string;
  /** By name. */
  readonly statements: Readonly<Record<string, string>>;
}

/** For a disk that does not answer: what ends has to end. */
const END_LIMIT_MS = 10_000;

interface Transaction {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Committer {
  readonly #worker: Worker;
  /** How many messages are finished, and how many transactions have failed. */
  readonly #progress = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  #posted = 0;
  /** In the order in which they were posted, which is that of the answers. */
  readonly #underWay: Transaction[] = [];
  #failure: Error | undefined;

  constructor(options: CommitterOptions) {
    // No arguments of this process: a TypeScript loader would take longer than all the rest.
    this.#worker = new Worker(new URL('./commit-thread.mjs', import.meta.url), {
      workerData: { ...options, progress: this.#progress },
      execArgv: [],
    });
    // Only a transaction that somebody waits for keeps the process.
    this.#worker.unref();
    this.#worker.on('message', ({ error }: { readonly error?: string }) => {
      const transaction = this.#underWay.shift();
      if (this.#underWay.length === 0) this.#worker.unref();
      if (error === undefined) transaction?.resolve();
      else transaction?.reject(new Error(error));
    });
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', (code) => this.#end(new Error(`the thread that writes ended with ${code}`)));
  }

  /** Resolves when the rows are on the disk, all of them; rejects when none of them is. */
  write(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#underWay.push({ resolve, reject });
      this.#worker.ref();
      this.#post(rows);
    });
  }

  /**
   * Writes the rows, after all that is under way, and lets go of the file before it returns.
   * @throws Error when any of that could not be written
   */
  close(rows: readonly Row[]): void {
    if (this.#failure !== undefined) return;
    if (rows.length > 0) this.#post(rows);
    this.#post(null);
    const until = Date.now() + END_LIMIT_MS;
    for (let done = 0; done < this.#posted; done = Atomics.load(this.#progress, 0)) {
      const left = until - Date.now();
      if (left <= 0) throw new Error(`the disk has not taken everything in ${END_LIMIT_MS} ms`);
      Atomics.wait(this.#progress, 0, done, left);
    }
    if (Atomics.load(this.#progress, 1) > 0) throw new Error('a transaction failed');
  }

  #post(rows: readonly Row[] | null): void {
    this.#posted += 1;
    this.#worker.postMessage(rows);
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    for (const { reject } of this.#underWay.splice(0)) reject(this.#failure);
  }
}
