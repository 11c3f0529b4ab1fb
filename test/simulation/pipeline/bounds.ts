/** By when the rules of evidence want what to have happened, from the settings. */
import { degradedMode, MINUTE, SECOND, timing } from './config.ts';
import type { Plan, PlanSettings } from './plan.ts';

/** Milliseconds, but for `ownAfter`. */
export interface Bounds {
  /** Between two runs of control. */
  readonly minute: number;
  readonly stallAfter: number;
  /** Failures of a key, each after others' progress. */
  readonly ownAfter: number;
  readonly parkAfter: number;
  readonly breakerTime: number;
  readonly redriveThreshold: number;
  /** Redrives degrade when they are at least this share of what was processed, as far as one environment knows. */
  readonly redriveShare: number;
  /** A message that was received so often is parked, and not begun. */
  readonly maxReceives: number;
  readonly window: number;
  readonly maxDrainBackoff: number;
  readonly maxBackoff: number;
  /** In normal for so long, and trouble is forgotten. */
  readonly wellAfter: number;
  /** How far what a function knows may be from what is: its clock, a lagging index, a run of control that takes its time. */
  readonly slack: number;
  /** How far the clocks of two processes may be apart at most. */
  readonly clocks: number;
  /** Failures of a key that the stage may count, and that were none: a process was killed between a charge and its attempt. */
  readonly unseenFailures: number;
}

const STALL_AFTER = 10 * MINUTE;
const OWN_AFTER = 3;
const REDRIVE_SHARE = 0.05;
const MAX_RECEIVES = 500;
const WELL_AFTER = 60 * MINUTE;
const SLACK = 45 * SECOND;
const UNSEEN_FAILURES = 2;

/** Processes are killed, whatever they do. */
export const mayKill = ({ rates, mishaps, actions }: Plan): boolean =>
  rates.die > 0 || mishaps !== undefined || actions.some((action) => action.do === 'kill');

/** @param isKilled as `mayKill` has it */
export const boundsOf = (settings: PlanSettings, isKilled: boolean): Bounds => {
  const { window, maxDrainBackoff, parkAfter, breakerTime, redriveThreshold } = degradedMode(settings);
  return {
    minute: settings.controlEvery,
    stallAfter: Math.max(STALL_AFTER, 2 * settings.controlEvery),
    ownAfter: OWN_AFTER,
    parkAfter,
    breakerTime,
    redriveThreshold,
    redriveShare: REDRIVE_SHARE,
    maxReceives: MAX_RECEIVES,
    window,
    maxDrainBackoff,
    maxBackoff: timing.maxBackoff,
    wellAfter: WELL_AFTER,
    slack: SLACK,
    clocks: 2 * settings.skew,
    unseenFailures: isKilled ? UNSEEN_FAILURES : 0,
  };
};
