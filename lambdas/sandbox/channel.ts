/** The thread's end of the channel to the function's thread: a port for messages, and memory that the other end reads when nothing comes. */
import workerThreads from 'node:worker_threads';
import { hrtime, nextTick, store } from './intrinsics.ts';
import { SHARED, sharedClock, type FromThread, type ThreadData } from './protocol.ts';

const data = workerThreads.workerData as ThreadData;
export const { port, module: userModule } = data;
export const memory = new Int32Array(data.shared);
// The channel and the memory are between us and the function's thread: user code finds neither.
(workerThreads as { workerData: unknown }).workerData = null;

/** Milliseconds after which a thread that is never idle sends what it has: what it has not sent when it ends runs again. */
const HOLD = 2;

const send = port.postMessage.bind(port);
let outbox: FromThread[number][] = [];
let lastSent = 0;

export const now = (): number => sharedClock(hrtime);

const flush = (): void => {
  if (outbox.length === 0) return;
  const messages = outbox;
  outbox = [];
  lastSent = now();
  send(messages);
};

export const flushInTime = (time: number): void => {
  if (time - lastSent > HOLD) flush();
};

/** What several jobs have to say in one turn goes as one message. */
export const say = (message: FromThread[number]): void => {
  outbox[outbox.length] = message;
  if (outbox.length === 1) nextTick(flush);
};

/** It must get there even if the thread ends before its next turn. */
export const sayNow = (message: FromThread[number]): void => {
  outbox[outbox.length] = message;
  flush();
};

/** From here on synchronous code of this event runs, or (`slot` -1) nobody knows whose. */
export const mark = (slot: number): void => {
  if (slot >= 0) store(memory, SHARED.runningSince, now());
  store(memory, SHARED.running, slot + 1);
};
