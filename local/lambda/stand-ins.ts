/**
 * Functions that destinations name and that are not the pipeline's: they exist on AWS only. What one is invoked with is a line of
 * `functions/<name>.ndjson` in the data directory; and where there is a module `functions/<name>.mjs`, its `handler` answers, in a thread of
 * its own for each invocation. Without one all is taken.
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { InvokeResult } from './function.ts';

/** Lambda's default timeout; milliseconds. */
const TIMEOUT = 3_000;

const PROGRAM = `
import { parentPort, workerData } from 'node:worker_threads';
const { handler } = await import(workerData.module);
parentPort.postMessage({ payload: (await handler(workerData.event)) ?? null });
`;

export class StandIns {
  readonly #dir: string;
  readonly #timeout: number;
  #names: ReadonlySet<string> = new Set();

  /** @param timeout of an invocation; milliseconds */
  constructor(dataDir: string, timeout = TIMEOUT) {
    this.#dir = join(dataDir, 'functions');
    this.#timeout = timeout;
  }

  deploy(names: readonly string[]): void {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  async invoke(name: string, event: unknown): Promise<InvokeResult> {
    await mkdir(this.#dir, { recursive: true });
    const module = join(this.#dir, `${name}.mjs`);
    const result: InvokeResult = existsSync(module)
      ? await this.#run(module, event)
      : { kind: 'payload', payload: null };
    await appendFile(join(this.#dir, `${name}.ndjson`), `${JSON.stringify({ event, result })}\n`);
    return result;
  }

  #run(module: string, event: unknown): Promise<InvokeResult> {
    const url = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`);
    const worker = new Worker(url, {
      workerData: { module: pathToFileURL(module).href, event },
      // What this process loads first is not the function's, and takes most of the thread's time.
      execArgv: [],
    });
    return new Promise((resolve) => {
      const end = (result: InvokeResult): void => {
        clearTimeout(timer);
        void worker.terminate();
        resolve(result);
      };
      const fail = (errorType: string, errorMessage: string): void =>
        end({ kind: 'error', error: { errorType, errorMessage } });
      const timer = setTimeout(
        () => fail('Sandbox.Timedout', `Task timed out after ${this.#timeout / 1_000} seconds`),
        this.#timeout,
      );
      worker.once('message', ({ payload }: { payload: unknown }) => end({ kind: 'payload', payload }));
      worker.once('error', (error) => {
        // What was thrown in the thread, which may be anything.
        const { name = 'Error', message = String(error) } = Object(error) as Partial<Error>;
        fail(name, message);
      });
      worker.once('exit', () => fail('Runtime.ExitError', 'the function ended without an answer'));
    });
  }
}
