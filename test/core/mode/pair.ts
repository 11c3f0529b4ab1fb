/** The machine and the oracle, together. */
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { ModeSettings } from '../../../lambdas/core/mode/machine.ts';
import { Oracle } from './oracle.ts';
import type { Look, Step } from './steps.ts';
import {
  answered,
  failedProbe,
  NOTHING,
  OPEN,
  OWN_TROUBLE,
  PARKED,
  QUEUED,
  BLOCKED,
  Stage,
} from './support.ts';
import { HOUR } from '../../support/mode-settings.ts';

const WAITING = { queue: QUEUED, parked: PARKED, own: OWN_TROUBLE, nothing: NOTHING };

/** Applies a step to a stage. */
export const happen = (stage: Stage, step: Step): void => {
  switch (step.do) {
    case 'wait':
      stage.after(step.time);
      return;
    case 'block':
    case 'unblock':
      stage.system = step.do === 'block' ? BLOCKED : OPEN;
      stage.tick();
      return;
    case 'look':
      look(stage, step);
      return;
    case 'redriven':
      stage.redriven(step.id, stage.record.epoch, step.processed);
      return;
    case 'died':
      stage.died(step.id);
      return;
    case 'failed':
      stage.failed(step.key, stage.record.epoch, step.refused);
      return;
    case 'rejected':
      stage.rejected(step.key);
      return;
    case 'remembered':
      stage.remembered(step.what, step.ago);
      return;
    case 'tried':
      stage.tried(step.delivered);
      return;
    case 'delivered':
    case 'filtered':
    case 'drained':
    case 'attempted':
    case 'crashed':
    case 'hold':
    case 'resume':
      stage[step.do]();
  }
};

const look = (stage: Stage, { waits, probe }: Look): void => {
  const about = { codeVersion: probe?.version ?? '', at: stage.now };
  const seen =
    probe === undefined ? undefined : probe.answered ? answered(probe.version) : failedProbe(about);
  stage.tick(seen, waits === undefined ? undefined : WAITING[waits]);
};

export const copyOf = ({ record, system, settings, now, progress }: Stage): Stage => {
  const stage = new Stage({ record, settings, ...(system === undefined ? {} : { system }) });
  stage.now = now;
  stage.progress = progress;
  return stage;
};

/** What can be observed from outside, kept separately from machine and oracle. */
interface Facts {
  /** There was progress since the gauge rose, other than by a trial. */
  readonly gotThrough: boolean;
  /** Control's last look saw work. */
  readonly waits: boolean;
}

export class Pair {
  readonly stage: Stage;
  readonly oracle: Oracle;
  #facts: Facts;

  constructor(stage: Stage, oracle: Oracle, facts: Facts = { gotThrough: false, waits: false }) {
    this.stage = stage;
    this.oracle = oracle;
    this.#facts = facts;
  }

  static begin(settings: ModeSettings, isDestination: boolean): Pair {
    const stage = new Stage({ settings, ...(isDestination ? { system: OPEN } : {}) });
    return new Pair(stage, new Oracle(settings));
  }

  clone(): Pair {
    return new Pair(copyOf(this.stage), this.oracle.clone(), this.#facts);
  }

  /** Applies a step to both, and compares them. */
  step(step: Step): this {
    const before = this.stage.record;
    const gauge = this.stage.gauge;
    this.#see(step);
    this.oracle.step(step);
    happen(this.stage, step);
    this.#compare(before, step);
    this.#checkAllClear(before, gauge);
    return this;
  }

  #see(step: Step): void {
    const isProgress =
      step.do === 'delivered' ||
      step.do === 'drained' ||
      step.do === 'remembered' ||
      (step.do === 'filtered' && !this.oracle.inDoubt);
    if (isProgress) this.#facts = { ...this.#facts, gotThrough: true };
    if (step.do === 'look' && step.waits !== undefined)
      this.#facts = { ...this.#facts, waits: step.waits === 'queue' || step.waits === 'parked' };
  }

  /** Neither normal mode nor a gauge of 0 without progress, unless nothing is waiting. */
  #checkAllClear({ mode }: ModeRecord, gaugeBefore: number): void {
    const { stage } = this;
    const { gotThrough, waits } = this.#facts;
    const isFalse = !gotThrough && waits;
    const isClear = (stage.mode === 'normal' && mode !== 'normal') || stage.gauge < gaugeBefore;
    if (isClear && isFalse) throw new Error(`a false all-clear: ${JSON.stringify(stage.record)}`);
    if (stage.mode === 'degraded' && mode !== 'degraded') this.#facts = { ...this.#facts, gotThrough: false };
  }

  /** Plain comparisons, because an exploration makes millions of them. */
  #compare(before: ModeRecord, step: Step): void {
    const { record, now, settings } = this.stage;
    const { mode, held, changes, pause, successes, gauge } = this.oracle.is;
    const change = record.history.at(-1);
    const flipped = record.epoch !== before.epoch;
    const claims = {
      mode: record.mode === mode,
      held: record.held === held,
      epoch: record.epoch === changes,
      pause: record.pause === pause,
      successes: record.successes === successes,
      gauge: this.stage.gauge === gauge,
      'the door in doubt': this.stage.inDoubt === this.oracle.inDoubt,
      'a new epoch with a new mode, and only then': flipped === (record.mode !== before.mode),
      since: record.since === (flipped ? now : before.since),
      history: flipped
        ? change?.epoch === changes && change.mode === mode && change.at === now
        : record.history === before.history,
      'length of the history': record.history.length <= 10,
      'number of redrives': record.redrives.length <= settings.redriveThreshold,
      'number of deaths': record.deaths.length <= settings.redriveThreshold,
      'number of keys': (record.failing?.keys.length ?? 0) <= 2,
      'number of failed probes': record.probeFailures <= 2,
      'parked heads are due': record.mode !== 'recovering' || record.dueEpoch === record.epoch,
    };
    const broken = Object.entries(claims).filter(([, holds]) => !holds);
    if (broken.length > 0)
      throw new Error(
        `${broken.map(([claim]) => claim).join(', ')}: wrong after ${JSON.stringify(step)}\n` +
          `before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(record)}\n` +
          `progress: ${JSON.stringify(this.stage.progress)}\noracle: ${this.oracle.key()}`,
      );
  }

  /**
   * Two states have the same text only if they have the same future. Fields that follow from the modes are left out:
   * `troubledSince`, `forwardingSince`, `spill`.
   */
  key(): string {
    const { record: own, now, settings, progress } = this.stage;
    const { deliveredAt = 0, filteredAt = 0 } = progress;
    const last = Math.max(deliveredAt, filteredAt);
    const clock = own.frozenAt ?? now;
    const age = (at: number | undefined, limit: number) =>
      at === undefined ? null : Math.max(0, Math.min(now - at, limit));
    const runs = (at: number | undefined, limit: number, since: number) =>
      at === undefined || at < since ? null : Math.max(0, Math.min(clock - at, limit));
    const counts = own.mode !== 'degraded';
    return JSON.stringify([
      [own.probeFailures, own.probeFailedAt !== undefined && last >= own.probeFailedAt],
      [own.relapsed, own.proven, own.frozenAt !== undefined, own.waiting?.keys],
      [own.waiting?.messages, own.mode === 'recovering' && own.invoked === true],
      age(own.waitingSince, settings.stallAfter),
      counts && [own.failing?.count, own.failing?.keys, runs(own.failing?.since, settings.breakerTime, last)],
      counts && runs(own.rejecting?.since, settings.stallAfter, deliveredAt),
      runs(own.doubtAt, settings.stallAfter, deliveredAt),
      own.mode === 'recovering' && [
        Math.min(clock - own.windowFrom, settings.window),
        own.progressInWindow === true || last > own.windowFrom,
        own.attemptedAt === undefined,
        runs(own.troubleFrom, settings.breakerTime, last),
      ],
      own.mode === 'degraded' && Math.max(own.pauseUntil - clock, 0),
      own.mode === 'normal' && age(own.since, HOUR),
      this.stage.gauge === 1 && this.#facts,
      // The record keeps for a while what progress has ended; it must make no difference.
      counts && [own.deaths.some(({ at }) => at < last), (own.failing?.since ?? last) < last],
      this.oracle.key(),
    ]);
  }
}
