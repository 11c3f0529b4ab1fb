/**
 * The thread in which `libsql-store.ts` writes: a transaction waits for the disk, and the local run's other work must not. It is plain
 * JavaScript, so that it starts without a TypeScript loader.
 *
 * A message is the rows of one transaction; the answer is `{}`, or why it failed. `null` ends the thread. `progress` is for a caller that
 * waits without an event loop: how many messages are finished, and how many transactions have failed.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';

const { path, pragmas, statements, progress } = workerData;

const db = new Database(path);
db.exec(pragmas);
const prepared = Object.fromEntries(Object.entries(statements).map(([name, sql]) => [name, db.prepare(sql)]));
const begin = db.prepare('begin immediate');
const commit = db.prepare('commit');

const write = (rows) => {
  try {
    begin.run();
    for (const [name, ...values] of rows) prepared[name].run(values);
    commit.run();
    return {};
  } catch (error) {
    Atomics.add(progress, 1, 1);
    return { error: error instanceof Error ? error.message : String(error) };
  }
};

const finished = () => {
  Atomics.add(progress, 0, 1);
  Atomics.notify(progress, 0);
};

parentPort.on('message', (rows) => {
  if (rows === null) {
    db.close();
    parentPort.close();
  } else {
    parentPort.postMessage(write(rows));
  }
  finished();
});
