/**
 * The program of the thread in which a destination of Segment's catalogue runs: see docs/decisions/0014. It has none of the function's
 * environment, and reaches the network by the guarded client alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { JsonObject } from '../../../core/event/event.ts';
import { NOTHING_TO_REDACT } from '../../../core/base/redaction.ts';
import { httpClient } from '../../http-client.ts';
import type { Catalogue } from './catalogue.ts';
import { guardedFetch } from './fetch.ts';
import type { Answer, Result, Task, ThreadData } from './protocol.ts';
import { Runner } from './runner.ts';
import { RunScope, scopes } from './run-scope.ts';
import { threw } from './verdict.ts';

const { module, networks, timeout, origin } = workerData as ThreadData;
const send = httpClient({ timeout, networks, readsWhole: true });
// Before the destination loads: its code takes it from here.
globalThis.fetch = guardedFetch({ send, origin });

const answer = (message: Answer): void => {
  parentPort?.postMessage(message);
};

const now = (): number => performance.now();

const load = async (): Promise<Runner | undefined> => {
  try {
    const catalogue = (await import(module)) as Catalogue;
    answer({ kind: 'loaded' });
    return new Runner(catalogue, Date.now);
  } catch (error) {
    answer({ kind: 'not loaded', error: threw(error, NOTHING_TO_REDACT) });
    return undefined;
  }
};

const work = async (runner: Runner, { id, account, events }: Task): Promise<void> => {
  Object.assign(process.env, account.env);
  const scope = new RunScope(timeout, now);
  const results: Result[] = [];
  const isDone = await new Promise<boolean>((resolve) => {
    // Its requests are given up by then, too: they have the time that the call has left.
    const timer = setTimeout(resolve, timeout, false);
    void scopes
      .run(scope, () => runner.run(JSON.parse(events) as JsonObject[], account, scope, results))
      .catch((error: unknown) => results.push(threw(error, runner.redactOf(account))))
      .then(() => {
        clearTimeout(timer);
        resolve(true);
      });
  });
  scope.end();
  // What is added later, by code that runs on, is not sent.
  const made = [...results];
  if (!isDone)
    made.push({ kind: 'retry', reason: `the destination was not done within ${timeout / 1000} s` });
  answer({ kind: 'done', id, results: made });
};

const runner = load();
parentPort?.on('message', (task: Task) => {
  void runner.then((loaded) => loaded && work(loaded, task));
});
// An error that belongs to no call any more: whatever it belonged to was answered.
process.on('unhandledRejection', () => undefined);
process.on('uncaughtException', () => undefined);
