/** Whether a degraded stage recovers when its pause is over, whatever waits and whatever a trial finds. */
import type { Bounds } from './bounds.ts';
import type { StageId } from './plan.ts';
import type { StageTruth } from './truth.ts';

export interface PauseCheckOptions {
  readonly bounds: Bounds;
  /** Runs of control without a failed call that began later. */
  readonly runsSince: (since: number) => number;
  readonly violation: (text: string) => void;
}

/** One run may lose its write to another writer of the mode, and one may be under way. */
const RUNS = 4;

export const checkPause = (
  stage: StageId,
  { record, isStopped, isProbeFailing, probeFailedAt, flippedAt, releasedAt }: StageTruth,
  { bounds, runsSince, violation }: PauseCheckOptions,
): void => {
  // After a failed probe the next that is answered comes first.
  if (record.mode !== 'degraded' || isStopped || isProbeFailing || record.probeFailures > 0) return;
  const over = Math.max(record.pauseUntil, probeFailedAt, flippedAt, releasedAt);
  const runs = runsSince(over + bounds.clocks + bounds.slack);
  if (runs < RUNS) return;
  violation(
    `recovery bound: ${stage} is degraded still, ${String(runs)} runs of control after the end of its pause`,
  );
};
