/** Violations: the state that the pipeline reports of a stage contradicts the evidence. The invariant's name is before the colon. */
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { INTAKE_CONCURRENCY, MAX_CONCURRENCY } from './config.ts';
import type { Gauge } from './gauge.ts';
import { isCalm, type StageId } from './plan.ts';
import { isOverdue, seconds, waitsFor, type ChecksOptions } from './recovery-checks.ts';
import type { StageTruth } from './truth.ts';

/** How the reason of a flip by rule (e) begins. */
const STALLED = 'work waits, and nothing got through';

/** An environment knows only its own messages: usually at least half of an even share. */
const LEAST_PART = 0.5 / (MAX_CONCURRENCY + INTAKE_CONCURRENCY);
/** Fewer redrives than this may all have been seen by environments that had just started. */
const FEW = 4;

const CLOSED: ReadonlySet<number> = new Set([401, 402, 403, 404, 407, 410, 421, 423, 426]);
const isClosed = (status: number): boolean => CLOSED.has(status) || (status >= 300 && status < 400);

export class EvidenceChecks {
  readonly #options: ChecksOptions;
  /** AWS does not fail, and no process is killed: a function that does not act has decided not to. */
  readonly #isCalm: boolean;
  /** What an environment has processed may be forgotten, because it is gone. */
  readonly #forgets: boolean;
  /** When its messages could last not be handed out. */
  readonly #unfedAt = new Map<StageId, number>();

  constructor(options: ChecksOptions) {
    this.#options = options;
    this.#isCalm = isCalm(options.plan);
    this.#forgets = options.plan.settings.retired > 0;
  }

  /** @param truth the stage before the change @param next the record that is written now */
  flipped(stage: StageId, truth: StageTruth, next: ModeRecord): void {
    if (next.mode === 'normal' && truth.record.mode === 'recovering') this.#becameNormal(stage, truth, next);
    if (next.mode === 'degraded') this.#degraded(stage, truth, next);
  }

  begun(stage: StageId, { id, receiveCount }: IncomingMessage): void {
    const { bounds, violation } = this.#options;
    if (receiveCount >= bounds.maxReceives)
      violation(`receives: ${stage} begins ${id}, which it has received ${String(receiveCount)} times`);
  }

  /** At a closed door an event is rejected only if its key is in own trouble. */
  rejected(stage: StageId, truth: StageTruth, { id, groupId }: IncomingMessage, { answer }: Rejection): void {
    if (answer === undefined || !isClosed(answer.status) || truth.isOwn(groupId)) return;
    const { violation } = this.#options;
    violation(
      `own trouble: ${stage} rejects ${id} at a closed door (${String(answer.status)}) although others fail too`,
    );
  }

  /** @param roseAt since when the gauge had been 1 */
  resolved(stage: StageId, truth: StageTruth, gauge: Gauge, roseAt: number): void {
    const { violation, now, bounds, isCutOff } = this.#options;
    const waits = waitsFor(truth, now(), bounds.minute + bounds.slack);
    if (waits && truth.ownWayAt < roseAt)
      violation(
        `evidence: the gauge of ${stage} falls although work waits and nothing got through since it rose`,
      );
    const normal = now() - (gauge.normalSince ?? now());
    // It may have broken after control's last look but one.
    if (waits && isCutOff(stage, normal + bounds.minute + bounds.slack) && this.#options.queued(stage) > 0)
      violation(`mapping: the gauge of ${stage} falls while its mapping hands nothing out`);
    if (gauge.hasRelapsed && normal < gauge.pause - bounds.slack)
      violation(
        `pages: the page of ${stage} resolves after ${seconds(normal)} of normal; it had relapsed, and its pause is ${seconds(gauge.pause)}`,
      );
  }

  sample(stage: StageId, truth: StageTruth): void {
    this.#stall(stage, truth);
    this.#rejecting(stage, truth);
    this.#proven(stage, truth);
    this.#ownTrouble(stage, truth);
  }

  #becameNormal(stage: StageId, truth: StageTruth, next: ModeRecord): void {
    const { now, bounds, violation } = this.#options;
    if (truth.isProbeFailing && truth.probeFailedAt < now() - bounds.slack / 4)
      violation(`evidence: ${stage} becomes normal although its latest probe failed: ${next.reason}`);
    if (truth.ownWayAt >= truth.recoveringAt) return;
    const why = `${stage} becomes normal, nothing got through since it recovers`;
    if (waitsFor(truth, now(), bounds.minute + bounds.slack))
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
    const { count, share } = truth.counted.redrives;
    const isUnproven = truth.record.mode === 'recovering' && !truth.isKnownProven;
    const isJust =
      (truth.troubleAt > truth.progressAt - slack &&
        at - truth.knownProgressAt >= breakerTime - minute - slack) ||
      truth.counted.deathsSince(truth.progressAt - minute - slack) >= redriveThreshold ||
      (count >= redriveThreshold &&
        (this.#forgets || count < FEW || share >= bounds.redriveShare * LEAST_PART)) ||
      (isUnproven && count + truth.counted.deathsSince(truth.recoveringAt) > 0) ||
      at - truth.probeFailedAt <= 3 * minute ||
      stalledFor >= stallAfter - minute - slack ||
      truth.rejectingLongAt !== undefined;
    if (isJust || !this.#isCalm) return;
    violation(`own trouble: ${stage} degrades although others get through: ${next.reason}`);
  }

  /** Work waits, and nothing gets through. */
  #stall(stage: StageId, truth: StageTruth): void {
    const { now, bounds, violation, firstRunSince } = this.#options;
    const from = truth.stalledFrom;
    if (from === undefined || truth.record.mode === 'degraded' || truth.isStopped) return;
    const { stallAfter, minute } = bounds;
    // The work has waited since a time at which control could see it.
    const seenAt = firstRunSince(truth.waitingSince ?? from);
    if (seenAt === undefined || !isOverdue(this.#options, Math.max(from, seenAt), stallAfter + 2 * minute))
      return;
    violation(
      `stall: ${stage} is ${truth.record.mode}, work waits, and nothing got through for ${seconds(now() - from)}`,
    );
  }

  /** Events are rejected, and no event is delivered. */
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

  /** It recovers, and there was progress: a window later it is normal or degraded. */
  #proven(stage: StageId, truth: StageTruth): void {
    const { provenAt, record, isStopped, releasedAt, probeFailedAt } = truth;
    if (this.#isUnfed(stage)) this.#unfedAt.set(stage, this.#options.now());
    // A process that is killed takes its unstored progress with it.
    if (!this.#isCalm || record.mode !== 'recovering' || isStopped) return;
    if (provenAt === undefined || truth.isProbeFailing) return;
    const { bounds, violation, now } = this.#options;
    const from = Math.max(provenAt, releasedAt, probeFailedAt, this.#unfedAt.get(stage) ?? 0);
    // Where all that waits is a message between two tries, the mapping hands it out when it is due.
    if (isOverdue(this.#options, from, bounds.window + bounds.maxBackoff + 2 * bounds.minute))
      violation(
        `own trouble: ${stage} is still recovering ${seconds(now() - provenAt)} after something got through`,
      );
  }

  /** Messages wait, and the mapping cannot invoke a function that begins them: it must not become normal. */
  #isUnfed(stage: StageId): boolean {
    const { canTry, isCutOff, queued } = this.#options;
    return queued(stage) > 0 && (!canTry(stage) || isCutOff(stage, 0));
  }

  /** It recovers, and only keys in own trouble have something to do. */
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
    if (isOverdue(this.#options, from, 2 * bounds.window + 3 * bounds.minute))
      violation(
        `own trouble: ${stage} is still recovering ${seconds(now() - from)} after there was anything to do`,
      );
  }
}
