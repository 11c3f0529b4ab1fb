/** What the mode machine goes by, with the defaults of the configuration. */
import type { ModeSettings } from '../../lambdas/core/mode/machine.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const MODE_SETTINGS: ModeSettings = {
  redriveThreshold: 5,
  redriveShare: 0.05,
  window: 5 * MINUTE,
  pause: 5 * MINUTE,
  maxPause: HOUR,
  recoverAfter: 20,
  breakerFailures: 20,
  breakerTime: 2 * MINUTE,
  stallAfter: 10 * MINUTE,
  spillAfter: 7 * DAY,
  minute: MINUTE,
};
