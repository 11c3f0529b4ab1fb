/** When what the pipeline says of a stage is against the evidence: each invariant has its name before the colon. */
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import type { Bounds } from './bounds.ts';
import { INTAKE_CONCURRENCY, limitsOf, MAX_CONCURRENCY, SECOND } from './config.ts';
import type { EvidenceOptions } from './evidence.ts';
import type { Gauge } from './gauge.ts';
import { hasIncurable, isCalm, type StageId } from './plan.ts';
import type { StageTruth } from './truth.ts';

export interface ChecksOptions extends EvidenceOptions {
  readonly bounds: Bounds;
  /** Runs of control without a failed call that began later. */
  readonly runsSince: (since: number) => number;
  /** When the first of them began. */
  readonly firstRunSince: (since: number) => number | undefined;
}

/** How the reason of a flip by rule (e) begins. */
const STALLED = 'work waits, and nothing got through';

/** An environment knows of its own messages only: of at least half an even share of the whole, as a rule. */
const LEAST_PART = 0.5 / (MAX_CONCURRENCY + INTAKE_CONCURRENCY);
/** Fewer redrives may all have been seen by environments that had just begun. */
const FEW = 4;

const CLOSED: ReadonlySet<number> = new Set([401, 402, 403, 404, 407, 410, 421, 423, 426]);
const isClosed = (status: number): boolean => CLOSED.has(status) || (status >= 300 && status < 400);

const seconds = (milliseconds: number): string => `${String(Math.round(milliseconds / SECOND))} s`;

export class EvidenceChecks {
  readonly #options: ChecksOptions;
  /** AWS does what it is asked, and no process is killed: what a function does not do it did not want to. */
  readonly #isCalm: boolean;
  readonly #isCurable: boolean;
  /** What an environment has processed may be forgotten, because it is gone. */
  readonly #forgets: boolean;

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#isCalm = isCalm(options.plan);
    this.#isCurable = !hasIncurable(options.plan);
    this.#forgets = options.plan.settings.retired > 0;
  }

  /** @param truth as it was @param next as it is written now */
  flipped(stage: StageId, truth: StageTruth, next: ModeRecord): void {
    if (next.mode === 'normal' && truth.record.mode === 'recovering') this.#becameNormal(stage, truth, next);
    if (next.mode === 'degraded') this.#degraded(stage, truth, next);
  }

  begun(stage: StageId, { id, receiveCount }: IncomingMessage): void {
    const { bounds, violation } = this.#options;
    if (receiveCount >= bounds.maxReceives)
      violation(`receives: ${stage} begins ${id}, which it has received ${String(receiveCount)} times`);
  }

  /** At a closed door an event is given up for a key in trouble of its own alone. */
  rejected(stage: StageId, truth: StageTruth, { id, groupId }: IncomingMessage, { answer }: Rejection): void {
    if (answer === undefined || !isClosed(answer.status) || truth.isOwn(groupId)) return;
    const { violation } = this.#options;
    violation(
      `own trouble: ${stage} gives up ${id} at a closed door (${String(answer.status)}), and others fail too`,
    );
  }

  /** @param roseAt since when the gauge had been 1 */
  resolved(stage: StageId, truth: StageTruth, gauge: Gauge, roseAt: number): void {
    const { violation, now, bounds, isCutOff } = this.#options;
    const waits = this.#waitsFor(truth, bounds.minute + bounds.slack);
    if (waits && truth.ownWayAt < roseAt)
      violation(`evidence: the gauge of ${stage} falls, work waits, and nothing got through since it rose`);
    const normal = now() - (gauge.normalSince ?? now());
    if (waits && isCutOff(stage, normal + bounds.slack) && this.#options.queued(stage) > 0)
      violation(`mapping: the gauge of ${stage} falls while its mapping hands nothing out`);
    if (gauge.hasRelapsed && normal < gauge.pause - bounds.slack)
      violation(
        `pages: the page of ${stage} resolves after ${seconds(normal)} of normal; it had relapsed, and its pause is ${seconds(gauge.pause)}`,
      );
  }

  sample(stage: StageId, truth: StageTruth, gauge: Gauge): void {
    this.#stall(stage, truth);
    this.#rejecting(stage, truth);
    this.#proven(stage, truth);
    this.#ownTrouble(stage, truth);
    this.#gaugeFollows(stage, truth, gauge);
    if (this.#options.time() > this.#options.plan.end && this.#isCurable) this.#recovers(stage, truth);
  }

  sampleAll(truths: readonly StageTruth[]): void {
    const { now, time, plan, violation, bounds, runsSince } = this.#options;
    if (time() <= plan.end || !this.#isCurable) return;
    if (truths.some(({ record, isStopped }) => record.mode !== 'normal' || isStopped)) return;
    const base = Math.max(
      this.#fixedAt,
      // A long stream that was parked takes its time.
      ...truths.map(({ flippedAt, releasedAt, progressAt }) => Math.max(flippedAt, releasedAt, progressAt)),
    );
    const limit = base + bounds.maxDrainBackoff + bounds.window + 2 * bounds.minute;
    if (now() > limit && runsSince(base) > 2 && truths.some((truth) => this.#waitsFor(truth, now() - base)))
      violation(`recovery bound: all is normal for ${seconds(now() - base)}, and work waits still`);
  }

  #becameNormal(stage: StageId, truth: StageTruth, next: ModeRecord): void {
    const { now, bounds, violation } = this.#options;
    if (truth.isProbeFailing && truth.probeFailedAt < now() - bounds.slack / 4)
      violation(`evidence: ${stage} becomes normal although its latest probe failed: ${next.reason}`);
    if (truth.ownWayAt >= truth.recoveringAt) return;
    const why = `${stage} becomes normal, nothing got through since it recovers`;
    if (this.#waitsFor(truth, bounds.minute + bounds.slack))
      violation(`evidence: ${why}, and work waits: ${next.reason}`);
    else if (
      truth.attemptedAt > truth.record.windowFrom + bounds.slack / 4 &&
      truth.attemptedAt < now() - bounds.slack
    )
      violation(`evidence: ${why}, and there were attempts: ${next.reason}`);
  }

  #degraded(stage: StageId, truth: StageTruth, next: ModeRecord): void {
    const { now, bounds, violation } = this.#options;
    const at = now();
    const { stallAfter, minute, slack, redriveThreshold, breakerTime } = bounds;
    const { mayBeStalledFrom } = truth;
    const stalledFor = mayBeStalledFrom === undefined ? 0 : at - mayBeStalledFrom;
    if (next.reason.startsWith(STALLED)) {
      if (truth.isStopped) violation(`own trouble: ${stage} degrades while it is stopped: ${next.reason}`);
      else if (this.#isCalm && stalledFor < stallAfter - minute - slack)
        violation(`own trouble: ${stage} degrades after ${seconds(stalledFor)}: ${next.reason}`);
      return;
    }
    const { count, share } = truth.redriven;
    const isUnproven = truth.record.mode === 'recovering' && truth.provenAt === undefined;
    const isJust =
      (truth.troubleAt > truth.progressAt - slack &&
        at - truth.knownProgressAt >= breakerTime - minute - slack) ||
      truth.deathsSince(truth.progressAt - minute - slack) >= redriveThreshold ||
      (count >= redriveThreshold &&
        (this.#forgets || count < FEW || share >= bounds.redriveShare * LEAST_PART)) ||
      (isUnproven && count + truth.deathsSince(truth.recoveringAt) > 0) ||
      at - truth.probeFailedAt <= 3 * minute ||
      stalledFor >= stallAfter - minute - slack ||
      truth.rejectingLongAt !== undefined;
    if (isJust || !this.#isCalm) return;
    violation(`own trouble: ${stage} degrades, although others get through: ${next.reason}`);
  }

  /** Work waits, and nothing gets through. */
  #stall(stage: StageId, truth: StageTruth): void {
    const { now, bounds, violation, firstRunSince } = this.#options;
    const from = truth.stalledFrom;
    if (from === undefined || truth.record.mode === 'degraded' || truth.isStopped) return;
    const { stallAfter, minute } = bounds;
    // It waits since control could see it.
    const seenAt = firstRunSince(truth.waitingSince ?? from);
    if (seenAt === undefined || !this.#isOverdue(Math.max(from, seenAt), stallAfter + 2 * minute)) return;
    violation(
      `stall: ${stage} is ${truth.record.mode}, work waits, and nothing got through for ${seconds(now() - from)}`,
    );
  }

  /** Events are rejected, and none is delivered. */
  #rejecting(stage: StageId, truth: StageTruth): void {
    const { now, bounds, violation } = this.#options;
    const { rejectingFrom, rejectingLongAt, record, isStopped } = truth;
    if (rejectingFrom === undefined || rejectingLongAt === undefined) return;
    if (!this.#isCalm || record.mode === 'degraded' || isStopped) return;
    if (now() - rejectingLongAt > 2 * bounds.minute)
      violation(
        `stall: ${stage} is ${record.mode}, and has rejected everything for ${seconds(now() - rejectingFrom)}`,
      );
  }

  /** It recovers, and there was progress: a window later it is normal, or degraded. */
  #proven(stage: StageId, truth: StageTruth): void {
    const { provenAt, record, isStopped, releasedAt, probeFailedAt } = truth;
    // What got through is forgotten with a process that is killed.
    if (!this.#isCalm || record.mode !== 'recovering' || isStopped) return;
    if (provenAt === undefined || truth.isProbeFailing) return;
    const { bounds, violation, now } = this.#options;
    const from = Math.max(provenAt, releasedAt, probeFailedAt);
    if (this.#isOverdue(from, bounds.window + 2 * bounds.minute))
      violation(
        `own trouble: ${stage} recovers still, ${seconds(now() - provenAt)} after something got through`,
      );
  }

  /** It recovers, and nobody else has anything to do. */
  #ownTrouble(stage: StageId, truth: StageTruth): void {
    const { record, isStopped, waitingSince, troubleAt, attemptedAt, releasedAt, probeFailedAt } = truth;
    if (record.mode !== 'recovering' || isStopped || waitingSince !== undefined || !this.#isCalm) return;
    if (truth.isProbeFailing) return;
    const { bounds, violation, now } = this.#options;
    const from = Math.max(
      truth.flippedAt,
      troubleAt,
      attemptedAt,
      releasedAt,
      probeFailedAt,
      truth.progressAt,
    );
    if (this.#isOverdue(from, 2 * bounds.window + 3 * bounds.minute))
      violation(
        `own trouble: ${stage} recovers still, ${seconds(now() - from)} after there was anything to do`,
      );
  }

  #gaugeFollows(stage: StageId, { record }: StageTruth, { normalSince, roseAt, pause }: Gauge): void {
    const { bounds, violation } = this.#options;
    if (record.mode !== 'normal' || roseAt === undefined || normalSince === undefined) return;
    if (this.#isOverdue(normalSince, pause + 2 * bounds.minute + bounds.slack))
      violation(
        `recovery bound: the gauge of ${stage} is 1 although it has been normal for longer than its pause`,
      );
  }

  /** Nothing is broken any longer. */
  #recovers(stage: StageId, truth: StageTruth): void {
    const { bounds, violation, now } = this.#options;
    const { record, isStopped, flippedAt, releasedAt, waitingSince, troubleAt, probeFailedAt } = truth;
    if (isStopped || waitingSince === undefined) return;
    const from = Math.max(this.#fixedAt, flippedAt, releasedAt, waitingSince);
    // What a dead process had, and what AWS did not give back, is hidden until its visibility timeout is over.
    const hidden = this.#isCalm ? 0 : limitsOf(stage).visibility * SECOND;
    if (record.mode === 'degraded' && this.#isOverdue(from, 2 * bounds.minute + bounds.slack + hidden))
      violation(
        `recovery bound: ${stage} is degraded still, ${seconds(now() - from)} after the fix; work waits`,
      );
    const calmFrom = Math.max(from, troubleAt, probeFailedAt);
    // Where nothing is tried any more, because all of it has failed a moment before, rule (e) begins trials.
    const bound = Math.max(bounds.window, truth.provenAt === undefined ? bounds.stallAfter : 0);
    if (record.mode === 'recovering' && this.#isOverdue(calmFrom, bound + 2 * bounds.minute + bounds.slack))
      violation(
        `recovery bound: ${stage} recovers still, ${seconds(now() - calmFrom)} after the last trouble`,
      );
  }

  get #fixedAt(): number {
    const { plan, now, time } = this.#options;
    return now() - time() + plan.end;
  }

  #waitsFor({ waitingSince }: StageTruth, length: number): boolean {
    return waitingSince !== undefined && this.#options.now() - waitingSince >= length;
  }

  /** Longer ago than the bound; and control could see to it: nearly each of its runs came to its end. */
  #isOverdue(from: number, bound: number): boolean {
    const { now, bounds, runsSince } = this.#options;
    const age = now() - from;
    if (age <= bound) return false;
    return (
      runsSince(from) >= Math.floor(Math.min(age, bound) / bounds.minute) - 2 &&
      runsSince(from + bound - 2 * bounds.minute) >= 2
    );
  }
}
