/** Resident memory of a process with the transform in a thread, or in its own. */
import { collectGarbage } from './garbage.ts';
import type { Place } from './protocol.ts';
import { direct, inSandbox, openSandbox, someEvents, untilLoaded } from './workshop.ts';

/** Bytes, resident. */
export interface Memory {
  readonly loaded: number;
  /** After 2,000 events in messages of 20. */
  readonly worked: number;
}

const MESSAGES = 100;
const EVENTS = 20;

const resident = async (): Promise<number> => {
  await collectGarbage();
  return process.memoryUsage.rss();
};

export const measureMemory = async (place: Place, hasThread: boolean): Promise<Memory> => {
  const sandbox = hasThread ? openSandbox(place, place.plain) : undefined;
  if (sandbox !== undefined) await untilLoaded(sandbox);
  const run = sandbox === undefined ? await direct(place.plain) : inSandbox(sandbox);
  const loaded = await resident();
  for (let i = 0; i < MESSAGES; i += 1) await run(someEvents(EVENTS));
  const worked = await resident();
  sandbox?.close();
  return { loaded, worked };
};
