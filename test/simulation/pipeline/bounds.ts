/** The deadlines that the rules of evidence set, computed from the settings. */
import { degradedMode, MINUTE, SECOND, timing } from './config.ts';
import type { Plan, PlanSettings } from './plan.ts';

/** Milliseconds, except for `ownAfter`. */
export interface Bounds {
  /** Between two runs of control. */
  readonly minute: number;
  readonly stallAfter: number;
  /** Number of failures of a key, each after progress of others. */
  readonly ownAfter: number;
  readonly parkAfter: number;
  readonly breakerTime: number;
  readonly redriveThreshold: number;
  /** Redrives degrade a stage when they are at least this share of what was processed, as far as one environment knows. */
  readonly redriveShare: number;
  /** A message that was received this often is parked, not started. */
  readonly maxReceives: number;
  readonly window: number;
  readonly maxDrainBackoff: number;
  readonly maxBackoff: number;
  /** After this long in normal, past trouble is forgotten. */
  readonly wellAfter: number;
  /** How stale a function's knowledge may be: because of its clock, a lagging index, or a slow run of control. */
  readonly slack: number;
  /** The largest difference between the clocks of two processes. */
  readonly clocks: number;
  /** Failures of a key that the stage may count although there were none: a process was killed between a charge and its attempt. */
  readonly unseenFailures: number;
}

const OWN_AFTER = 3;
const REDRIVE_SHARE = 0.05;
const MAX_RECEIVES = 500;
const WELL_AFTER = 60 * MINUTE;
const SLACK = 45 * SECOND;
const UNSEEN_FAILURES = 2;

/** Processes are killed at any point. */
export const mayKill = ({ rates, mishaps, actions }: Plan): boolean =>
  rates.die > 0 || mishaps !== undefined || actions.some((action) => action.do === 'kill');

/** @param isKilled as `mayKill` has it */
export const boundsOf = (settings: PlanSettings, isKilled: boolean): Bounds => {
  const { window, maxDrainBackoff, parkAfter, breakerTime, redriveThreshold, stallAfter } =
    degradedMode(settings);
  return {
    minute: settings.controlEvery,
    stallAfter,
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
