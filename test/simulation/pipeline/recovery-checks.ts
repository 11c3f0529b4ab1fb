/** By when a stage must have recovered once nothing is broken any longer, and by when its gauge must have followed. */
import type { Bounds } from './bounds.ts';
import { limitsOf, SECOND } from './config.ts';
import type { EvidenceOptions } from './evidence.ts';
import type { Gauge } from './gauge.ts';
import { checkPause } from './pause-check.ts';
import { hasIncurable, type StageId } from './plan.ts';
import type { StageTruth } from './truth.ts';

export interface ChecksOptions extends EvidenceOptions {
  readonly bounds: Bounds;
  /** Runs of control without a failed call that began later. */
  readonly runsSince: (since: number) => number;
  /** When the first of them began. */
  readonly firstRunSince: (since: number) => number | undefined;
}

export const seconds = (milliseconds: number): string => `${String(Math.round(milliseconds / SECOND))} s`;

/** Longer ago than the bound; and control could see to it: nearly each of its runs came to its end. */
export const isOverdue = (
  { now, bounds, runsSince }: Pick<ChecksOptions, 'now' | 'bounds' | 'runsSince'>,
  from: number,
  bound: number,
): boolean => {
  const age = now() - from;
  if (age <= bound) return false;
  return (
    runsSince(from) >= Math.floor(Math.min(age, bound) / bounds.minute) - 2 &&
    runsSince(from + bound - 2 * bounds.minute) >= 2
  );
};

export const waitsFor = (
  { waitingSince }: Pick<StageTruth, 'waitingSince'>,
  now: number,
  length: number,
): boolean => waitingSince !== undefined && now - waitingSince >= length;

export class RecoveryChecks {
  readonly #options: ChecksOptions;
  readonly #isCurable: boolean;

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#isCurable = !hasIncurable(options.plan);
  }

  sample(stage: StageId, truth: StageTruth, gauge: Gauge): void {
    this.#gaugeFollows(stage, truth, gauge);
    checkPause(stage, truth, this.#options);
    if (this.#isAfterFix) this.#recovers(stage, truth);
  }

  sampleAll(truths: readonly StageTruth[]): void {
    const { now, violation, bounds, runsSince } = this.#options;
    if (!this.#isAfterFix) return;
    if (truths.some(({ record, isStopped }) => record.mode !== 'normal' || isStopped)) return;
    const base = Math.max(
      this.#fixedAt,
      // A long stream that was parked takes its time.
      ...truths.map(({ flippedAt, releasedAt, progressAt }) => Math.max(flippedAt, releasedAt, progressAt)),
    );
    const limit = base + bounds.maxDrainBackoff + bounds.window + 2 * bounds.minute;
    if (now() > limit && runsSince(base) > 2 && truths.some((truth) => waitsFor(truth, now(), now() - base)))
      violation(`recovery bound: all is normal for ${seconds(now() - base)}, and work waits still`);
  }

  #gaugeFollows(stage: StageId, { record }: StageTruth, { normalSince, roseAt, pause }: Gauge): void {
    const { bounds, violation } = this.#options;
    if (record.mode !== 'normal' || roseAt === undefined || normalSince === undefined) return;
    if (isOverdue(this.#options, normalSince, pause + 2 * bounds.minute + bounds.slack))
      violation(
        `recovery bound: the gauge of ${stage} is 1 although it has been normal for longer than its pause`,
      );
  }

  /** Nothing is broken any longer. */
  #recovers(stage: StageId, truth: StageTruth): void {
    const { bounds, violation, now } = this.#options;
    const { record, isStopped, flippedAt, releasedAt, waitingSince, triableSince } = truth;
    if (isStopped || waitingSince === undefined) return;
    const from = Math.max(this.#fixedAt, flippedAt, releasedAt, waitingSince);
    const limit = 2 * bounds.minute + bounds.slack;
    // What failed waits for its next attempt; and what a dead process had, or a throttled mapping, for the end of its visibility timeout.
    const hidden = Math.max(limitsOf(stage).visibility * SECOND, bounds.maxBackoff);
    const isTriedLate =
      triableSince !== undefined && isOverdue(this.#options, Math.max(from, triableSince), limit);
    if (record.mode === 'degraded' && (isTriedLate || isOverdue(this.#options, from, limit + hidden)))
      violation(
        `recovery bound: ${stage} is degraded still, ${seconds(now() - from)} after the fix; work waits`,
      );
    const { troubleAt, probeFailedAt } = truth;
    const calmFrom = Math.max(from, troubleAt, probeFailedAt);
    // Where nothing is tried any more, because all of it has failed a moment before, rule (e) begins trials.
    const bound = Math.max(bounds.window, truth.provenAt === undefined ? bounds.stallAfter : 0);
    if (
      record.mode === 'recovering' &&
      isOverdue(this.#options, calmFrom, bound + 2 * bounds.minute + bounds.slack)
    )
      violation(
        `recovery bound: ${stage} recovers still, ${seconds(now() - calmFrom)} after the last trouble`,
      );
  }

  get #fixedAt(): number {
    const { plan, now, time } = this.#options;
    return now() - time() + plan.end;
  }

  get #isAfterFix(): boolean {
    const { time, plan } = this.#options;
    return time() > plan.end && this.#isCurable;
  }
}
