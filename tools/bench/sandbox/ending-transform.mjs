/** Ends its thread, or tries to, in the way that the event names as `how`. Other events get the number of the thread that they ran in. */
import { threadId } from 'node:worker_threads';

const never = () => new Promise(() => undefined);

const HOWS = {
  exit: () => process.exit(1),
  // Errors that nothing catches end a thread, unless the sandbox learns of them in another way than by its listener.
  uncaught: () => {
    process.removeAllListeners('uncaughtException');
    setImmediate(() => {
      throw new Error('nothing catches this');
    });
    return never();
  },
  loop: () => {
    for (;;);
  },
  memory: () => {
    const kept = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length));
  },
  // Fails after its event was answered, and ends nothing.
  late: (event) => {
    setImmediate(() => {
      throw new Error('late');
    });
    return event;
  },
};

export default (event) => (event.how === undefined ? { ...event, threadId } : HOWS[event.how](event));
