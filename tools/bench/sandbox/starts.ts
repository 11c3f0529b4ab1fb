/** How long a thread takes to start, and a successor after each way to end one. */
import type { Sandbox } from '../../../lambdas/sandbox/sandbox.ts';
import { median } from './median.ts';
import type { Place } from './protocol.ts';
import { openSandbox, runJob, untilLoaded } from './workshop.ts';

/** Milliseconds. */
export interface Starts {
  /** From nothing to a module that is loaded. */
  readonly first: number;
  readonly successors: readonly Successor[];
}

export interface Successor {
  readonly how: string;
  /** From the event's beginning until it is charged; if it is suspected only, with its trial in a second thread. */
  readonly charged: number;
  /** From then until the successor has loaded the module. */
  readonly loaded: number;
}

/** Milliseconds; a loop is ended after it. */
const TIMEOUT = 100;

const FIRSTS = 9;
const WAYS = [
  { how: 'exit', label: 'exit', times: 9 },
  { how: 'loop', label: `loop (timeout of ${TIMEOUT} ms)`, times: 9 },
  { how: 'memory', label: 'memory (suspected, tried alone)', times: 3 },
] as const;

const since = (began: number): number => performance.now() - began;

const firstStart = async (place: Place): Promise<number> => {
  const sandbox = openSandbox(place, place.plain);
  const began = performance.now();
  await untilLoaded(sandbox);
  const took = since(began);
  sandbox.close();
  return took;
};

const endOnce = async (sandbox: Sandbox, how: string): Promise<{ charged: number; loaded: number }> => {
  const began = performance.now();
  const { ended } = await runJob(sandbox, [{ messageId: how, how }]);
  const charged = since(began);
  if (ended?.kind !== 'crash') throw new Error(`${how} was not charged`);
  await untilLoaded(sandbox);
  return { charged, loaded: since(began) - charged };
};

export const measureStarts = async (place: Place): Promise<Starts> => {
  const firsts: number[] = [];
  for (let i = 0; i <= FIRSTS; i += 1) firsts.push(await firstStart(place));
  const successors: Successor[] = [];
  for (const { how, label, times } of WAYS) {
    // Only a loop waits for the timeout; to fill the memory takes a while.
    const timeout = how === 'loop' ? TIMEOUT : 30_000;
    const sandbox = openSandbox(place, place.ending, { timeout });
    await untilLoaded(sandbox);
    const ends = [];
    for (let i = 0; i < times; i += 1) ends.push(await endOnce(sandbox, how));
    sandbox.close();
    successors.push({
      how: label,
      charged: median(ends.map(({ charged }) => charged)),
      loaded: median(ends.map(({ loaded }) => loaded)),
    });
  }
  // The first one of all reads the files from the disk.
  return { first: median(firsts.slice(1)), successors };
};
