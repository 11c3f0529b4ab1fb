/** Compares the state that the pipeline reports of its stages with what really happens in them: the invariants of evidence. */
import { isBlocked, type ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Unit } from '../../../lambdas/core/stage/unit.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import type { Invocation } from '../invocation.ts';
import { boundsOf, mayKill, type Bounds } from './bounds.ts';
import { EvidenceChecks } from './evidence-checks.ts';
import { RecoveryChecks } from './recovery-checks.ts';
import { Gauge } from './gauge.ts';
import { destinationsOf, ROUTER, STAGES, type DestinationId, type Plan, type StageId } from './plan.ts';
import type { Failing } from './key-truths.ts';
import { TrialChecks } from './trial-checks.ts';
import { StageTruth, type Result } from './truth.ts';

export interface EvidenceOptions {
  readonly plan: Plan;
  readonly now: () => number;
  /** Milliseconds since the beginning. */
  readonly time: () => number;
  readonly queued: (stage: StageId) => number;
  /** Whether one of them could be received now. */
  readonly hasAvailable: (stage: StageId) => boolean;
  readonly parkedKeys: (stage: StageId) => readonly string[];
  /** Keys that are parked, or have messages in the queue. */
  readonly keys: (stage: StageId) => readonly string[];
  /** Its function can be invoked, and reads its tables. */
  readonly canTry: (stage: StageId) => boolean;
  readonly userOf: (messageId: string) => number | undefined;
  /** For at least `length` no function has been invoked for the stage's queue, although its function works. */
  readonly isCutOff: (stage: StageId, length: number) => boolean;
  /** A permission, a secret or a table is missing for it. */
  readonly isDenied: (stage: StageId) => boolean;
  readonly violation: (text: string) => void;
}

interface Attempt {
  readonly stage: StageId;
  readonly message: IncomingMessage;
  readonly isTrial: boolean;
  readonly takenBy: Set<DestinationId>;
  isDelivered: boolean;
  isRejected: boolean;
}

/** The number of runs of control within the longest bound. */
const MOST_RUNS = 200;

const failing = ({ id, groupId }: IncomingMessage): Failing => ({ key: groupId, messageId: id });

/** Whether the stage itself rejected it: not ingest, and not an operator by discarding it. */
const isOwnRejection = ({ stage, discarded }: Rejection): boolean => stage !== 'ingest' && discarded !== true;

export class Evidence {
  readonly bounds: Bounds;
  readonly #options: EvidenceOptions;
  readonly #truths: ReadonlyMap<StageId, StageTruth>;
  readonly #gauges: ReadonlyMap<StageId, Gauge>;
  readonly #checks: EvidenceChecks;
  readonly #recovery: RecoveryChecks;
  readonly #trials: TrialChecks;
  readonly #attempts = new Map<Invocation, Map<string, Attempt>>();
  /** Messages that are worked on with one before them. */
  readonly #waiting = new Map<
    Invocation,
    Map<string, { readonly stage: StageId; readonly message: IncomingMessage }>
  >();
  readonly #redriven = new Set<string>();
  /** Start times of the runs of control in which no call failed. */
  #goodRuns: readonly number[] = [];
  /** By message of the router: the destinations whose queues have taken it, or a part of it. */
  readonly #taken = new Map<string, Set<DestinationId>>();

  constructor(options: EvidenceOptions) {
    this.#options = options;
    const { plan, now, queued, hasAvailable, parkedKeys } = options;
    this.bounds = boundsOf(plan.settings, mayKill(plan));
    this.#truths = new Map(
      STAGES.map((stage) => [
        stage,
        new StageTruth({
          now,
          bounds: this.bounds,
          queued: () => queued(stage),
          hasAvailable: () => hasAvailable(stage),
          parkedKeys: () => parkedKeys(stage),
        }),
      ]),
    );
    this.#gauges = new Map(STAGES.map((stage) => [stage, new Gauge()]));
    this.#trials = new TrialChecks({ ...options, bounds: this.bounds, runsSince: this.#runsSince });
    const checking = {
      ...options,
      bounds: this.bounds,
      runsSince: this.#runsSince,
      firstRunSince: (since: number) => this.#goodRuns.find((at) => at >= since),
    };
    this.#checks = new EvidenceChecks(checking);
    this.#recovery = new RecoveryChecks(checking);
  }

  /**
   * Of messages that are worked on as one, the others begin when something of them is delivered, or when they have an outcome.
   * @param isTrial the attempt is a trial of a degraded stage
   */
  begun(stage: StageId, [first, ...others]: Unit<IncomingMessage>, by: Invocation, isTrial = false): void {
    this.#begun(stage, first, by, isTrial);
    this.#waiting.set(by, new Map(others.map((message) => [message.id, { stage, message }])));
  }

  #join(messageId: string, by: Invocation): void {
    const waiting = this.#waiting.get(by);
    const joins = waiting?.get(messageId);
    if (joins === undefined) return;
    waiting?.delete(messageId);
    this.#begun(joins.stage, joins.message, by, false);
  }

  #begun(stage: StageId, message: IncomingMessage, by: Invocation, isTrial: boolean): void {
    const attempts = this.#attempts.get(by) ?? new Map<string, Attempt>();
    this.#attempts.set(by, attempts);
    const attempt = {
      stage,
      message,
      isTrial,
      takenBy: new Set<DestinationId>(),
      isDelivered: false,
      isRejected: false,
    };
    attempts.set(message.id, attempt);
    this.#of(stage).begun(failing(message), isTrial);
    this.#checks.begun(stage, message);
  }

  ended(message: IncomingMessage, outcome: Outcome, by: Invocation): void {
    this.#join(message.id, by);
    const attempt = this.#attempts.get(by)?.get(message.id);
    if (attempt === undefined) return;
    this.#attempts.get(by)?.delete(message.id);
    const { stage, isTrial, isDelivered } = attempt;
    const isPartlyFiltered = outcome.kind !== 'done' && (outcome.shown?.filtered ?? 0) > 0;
    if (isPartlyFiltered && !isDelivered) this.#of(stage).progress('filtered', failing(message), isTrial);
    if (isDelivered) this.#of(stage).finished();
    this.#of(stage).ended(failing(message), this.#resultOf(attempt, outcome), isTrial);
  }

  /** The invocation's process died with the messages that it had in hand. */
  over(by: Invocation): void {
    this.#waiting.delete(by);
    for (const { stage, message, isTrial } of this.#attempts.get(by)?.values() ?? []) {
      if (!isTrial) this.#of(stage).died(failing(message));
      this.#of(stage).ended(failing(message), 'death', isTrial);
    }
    this.#attempts.delete(by);
  }

  /** A destination has answered that it took events of the message. */
  delivered(messageId: string): void {
    for (const by of this.#waiting.keys()) this.#join(messageId, by);
    for (const attempt of this.#at(messageId)) this.#delivered(attempt);
  }

  /** The queue of a destination has taken part of the router's message. */
  sent(messageId: string, destination: DestinationId): void {
    const user = this.#options.userOf(messageId);
    const wanted = user === undefined ? [] : destinationsOf(user);
    // A queue that took it at an earlier attempt is not sent it again.
    const taken = this.#taken.get(messageId) ?? new Set();
    this.#taken.set(messageId, taken.add(destination));
    for (const attempt of this.#at(messageId)) {
      attempt.takenBy.add(destination);
      if (attempt.stage === ROUTER && wanted.every((one) => taken.has(one))) this.#delivered(attempt);
    }
  }

  rejected(record: Rejection): void {
    const [messageId = ''] = record.id.split(':');
    for (const by of this.#waiting.keys()) this.#join(messageId, by);
    for (const truth of this.#truths.values()) truth.gone(messageId);
    for (const attempt of this.#at(messageId)) {
      this.#checks.rejected(attempt.stage, this.#of(attempt.stage), attempt.message, record);
      if (!isOwnRejection(record)) continue;
      attempt.isRejected = true;
      this.#of(attempt.stage).ended(failing(attempt.message), 'rejected', attempt.isTrial);
    }
  }

  /** The mode machine gets the event: more than once if a process dies. */
  redriven(stage: StageId, messageId: string): void {
    if (this.#redriven.has(messageId)) return;
    this.#redriven.add(messageId);
    this.#of(stage).redrive();
  }

  probed(stage: StageId, isAnswered: boolean): void {
    this.#of(stage).probed(isAnswered);
  }

  modeWritten(stage: StageId, record: ModeRecord): void {
    const truth = this.#of(stage);
    const before = truth.record;
    truth.look();
    if (record.epoch !== before.epoch) this.#checks.flipped(stage, truth, record);
    const router = stage === ROUTER ? record : this.#of(ROUTER).record;
    for (const one of STAGES) {
      const own = one === stage ? record : this.#of(one).record;
      this.#of(one).entered(own, own.held || (one !== ROUTER && isBlocked([router])));
    }
    if (record.epoch !== before.epoch)
      this.#gauge(stage).entered(record, before, this.#options.now(), this.bounds);
  }

  /** @param at of the progress, milliseconds since 1970 */
  progressStored(stage: StageId, at: number): void {
    this.#of(stage).progressStored(at);
  }

  /** @param at of the datum */
  gauge(stage: StageId, value: number, at: number): void {
    const gauge = this.#gauge(stage);
    const resolved = gauge.put(value, at);
    if (resolved === undefined) return;
    const truth = this.#of(stage);
    truth.look();
    this.#checks.resolved(stage, truth, gauge, resolved);
  }

  /** A scheduled run of control is complete, and none of its calls failed. */
  controlled(startedAt: number): void {
    this.#goodRuns = [...this.#goodRuns, startedAt].slice(-MOST_RUNS);
  }

  /** Whether nothing got through for long enough to degrade the stage for that reason alone. */
  isStalled(stage: StageId): boolean {
    const truth = this.#of(stage);
    const { stallAfter, minute, slack } = this.bounds;
    const from = truth.mayBeStalledFrom;
    return from !== undefined && this.#options.now() - from >= stallAfter - minute - slack;
  }

  /** Called at short intervals. */
  sample(): void {
    for (const stage of STAGES) this.#of(stage).look();
    for (const stage of STAGES) this.#trials.sample(stage, this.#of(stage));
    for (const stage of STAGES) this.#checks.sample(stage, this.#of(stage));
    for (const stage of STAGES) this.#recovery.sample(stage, this.#of(stage), this.#gauge(stage));
    this.#recovery.sampleAll(STAGES.map((stage) => this.#of(stage)));
  }

  readonly #runsSince = (since: number): number => this.#goodRuns.filter((at) => at > since).length;

  #resultOf(attempt: Attempt, outcome: Outcome): Result {
    const { stage, isTrial, isDelivered, isRejected, takenBy, message } = attempt;
    switch (outcome.kind) {
      case 'crash':
        return 'crash';
      case 'retry':
        // A trial leaves the event in the queue.
        return isTrial && outcome.reason.startsWith('rejected: ') ? 'rejected' : 'failure';
      case 'fault':
        return this.#options.isDenied(stage) ? 'refusal' : 'none';
      case 'refused':
        return 'none';
      case 'stopped':
        return 'none';
      case 'done':
        if (isDelivered || isRejected || takenBy.size > 0 || message.body === '') return 'none';
        return 'filtered';
    }
  }

  #delivered(attempt: Attempt): void {
    attempt.isDelivered = true;
    this.#of(attempt.stage).progress('delivered', failing(attempt.message), attempt.isTrial);
  }

  #at(messageId: string): readonly Attempt[] {
    return [...this.#attempts.values()].flatMap((attempts) => {
      const attempt = attempts.get(messageId);
      return attempt === undefined ? [] : [attempt];
    });
  }

  #of(stage: StageId): StageTruth {
    const truth = this.#truths.get(stage);
    if (truth === undefined) throw new Error(`there is no ${stage}`);
    return truth;
  }

  #gauge(stage: StageId): Gauge {
    const gauge = this.#gauges.get(stage);
    if (gauge === undefined) throw new Error(`there is no gauge of ${stage}`);
    return gauge;
  }
}
