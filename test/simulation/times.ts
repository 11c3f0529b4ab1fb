/**
 * How long a stage may fail every attempt before it is degraded, and how long after the fix it is normal and empty again: at the default
 * settings, in virtual time, for each way to fail and several numbers of users. `docs/times.md` has the table.
 */
import { boundsOf } from './pipeline/bounds.ts';
import { degradedMode, MINUTE, SECOND } from './pipeline/config.ts';
import { tell } from './pipeline/run.ts';
import { DEFAULTS, planOf, startSending } from './times/plan.ts';
import { Stopwatch, type Measured } from './times/stopwatch.ts';
import { WAYS, type WayName } from './times/ways.ts';

/** Seconds; see `Measured`. */
export interface Times extends Required<Omit<Measured, 'delivered'>> {
  readonly way: WayName;
  readonly users: number;
  /** Absent: nothing waited at the fix, since all of it had been rejected. */
  readonly delivered?: number;
}

const { stallAfter, window, maxDrainBackoff } = boundsOf(DEFAULTS, false);
const { maxPause } = degradedMode(DEFAULTS);
const LONGEST_FLIP = (stallAfter + 2 * MINUTE) / SECOND;
const LONGEST_RECOVERY = (2 * MINUTE) / SECOND;
const LONGEST_WINDOW = (window + 2 * MINUTE) / SECOND;

/** The longest time that each may take, seconds. A run of control, and a trial as well, can come up to a minute after its cause. */
export const LIMITS: Readonly<Record<keyof Measured, number>> = {
  degraded: LONGEST_FLIP,
  failsStill: LONGEST_FLIP,
  failsAgain: LONGEST_FLIP,
  recovering: LONGEST_RECOVERY,
  normal: LONGEST_RECOVERY + LONGEST_WINDOW,
  delivered: LONGEST_RECOVERY + LONGEST_WINDOW + maxDrainBackoff / SECOND,
  resolved: LONGEST_RECOVERY + LONGEST_WINDOW + maxPause / SECOND,
};

export const MEASURES = Object.keys(LIMITS) as readonly (keyof Measured)[];

/** @returns what took too long, in words; empty: everything is within its limit */
export const overdue = (times: Times): readonly string[] =>
  MEASURES.flatMap((measure) => {
    const took = times[measure] ?? 0;
    return took <= LIMITS[measure]
      ? []
      : [`${measure} took ${String(took)} s, more than the limit of ${String(LIMITS[measure])} s`];
  });

/** @throws when the simulation finds a violation, or the stage never reached a measured state */
export const timesOf = async (way: WayName, users: number): Promise<Times> => {
  const found = WAYS[way];
  const watches: Stopwatch[] = [];
  const { violation } = await tell(planOf(way, found, users), {
    bug: {
      world: (world) => {
        watches.push(new Stopwatch(world, found, users));
        startSending(world, users);
      },
    },
  });
  const { measured = {} } = watches[0] ?? {};
  const missing = MEASURES.filter((measure) => measured[measure] === undefined && measure !== 'delivered');
  const wrong = violation ?? (missing.length > 0 ? `never: ${missing.join(', ')}` : undefined);
  if (wrong !== undefined) throw new Error(`${way}, ${String(users)} users: ${wrong}`);
  const seconds = Object.entries(measured).map(([name, time]) => [name, Math.round(Number(time) / SECOND)]);
  return { way, users, ...(Object.fromEntries(seconds) as Omit<Times, 'way' | 'users'>) };
};
