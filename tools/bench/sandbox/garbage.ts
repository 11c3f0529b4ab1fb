import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than a sandbox keeps a timer for a thread that has ended. Milliseconds. */
const SETTLE = 600;

/** Lets what is under way end, and collects what it leaves. @throws Error in a process without --expose-gc */
export const collectGarbage = async (): Promise<void> => {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('start Node with --expose-gc');
  await sleep(SETTLE);
  gc();
  // What finalizers let go of is garbage of the second collection.
  await sleep(50);
  gc();
};
