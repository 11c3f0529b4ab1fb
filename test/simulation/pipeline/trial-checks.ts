/** Whether the trials of a degraded stage take turns: keys that were not tried yet come first. */
import type { Bounds } from './bounds.ts';
import { isCalm, type Plan, type StageId } from './plan.ts';
import type { StageTruth } from './truth.ts';

export interface TrialChecksOptions {
  readonly plan: Plan;
  readonly bounds: Bounds;
  readonly now: () => number;
  /** Keys that are parked in the stage, or have messages in its queue. */
  readonly keys: (stage: StageId) => readonly string[];
  /** Its function can be invoked, and reads its tables. */
  readonly canTry: (stage: StageId) => boolean;
  readonly runsSince: (since: number) => number;
  readonly violation: (text: string) => void;
}

/** What waited in a stage when it had been degraded long enough for all of it to be receivable. */
interface Trials {
  readonly epoch: number;
  readonly from: number;
  readonly keys: ReadonlySet<string>;
}

/** A trial that ends its process keeps what it has received hidden from the next one or two. */
const RUNS_A_KEY = 3;

export class TrialChecks {
  readonly #options: TrialChecksOptions;
  readonly #trials = new Map<StageId, Trials>();
  readonly #isApplicable: boolean;

  constructor(options: TrialChecksOptions) {
    this.#options = options;
    const { plan } = options;
    const mayNotStart = plan.actions.some((action) => action.do === 'deploy' && action.starts === 'dies');
    this.#isApplicable = isCalm(plan) && !mayNotStart;
  }

  sample(stage: StageId, { record, isStopped, flippedAt, tried }: StageTruth): void {
    const { now, keys, canTry, runsSince, violation, bounds } = this.#options;
    const isOn = this.#isApplicable && record.mode === 'degraded' && !isStopped && canTry(stage);
    if (!isOn || now() - flippedAt < bounds.maxBackoff) {
      this.#trials.delete(stage);
      return;
    }
    const waiting = keys(stage);
    const known = this.#trials.get(stage);
    const trials =
      known?.epoch === record.epoch ? known : { epoch: record.epoch, from: now(), keys: new Set(waiting) };
    this.#trials.set(stage, trials);
    const left = waiting.filter((key) => trials.keys.has(key)).length;
    const runs = runsSince(trials.from);
    if (tried.size < Math.min(left, Math.floor((runs - RUNS_A_KEY) / RUNS_A_KEY)))
      violation(
        `trials: ${stage} has tried ${String(tried.size)} of ${String(left)} users in ${String(runs)} minutes`,
      );
  }
}
