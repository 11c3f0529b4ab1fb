/** The machine and the oracle, side by side. */
import type { ModeRecord } from '../../lambdas/core/mode.ts';
import type { ModeSettings } from '../../lambdas/core/mode-machine.ts';
import { Oracle, type Step } from './mode-oracle.ts';
import { answered, failedProbe, HOUR, OPEN, SHUT, Stage } from './mode-support.ts';

export class Pair {
  readonly stage: Stage;
  readonly oracle: Oracle;

  constructor(stage: Stage, oracle: Oracle) {
    this.stage = stage;
    this.oracle = oracle;
  }

  static begin(settings: ModeSettings, isDestination: boolean): Pair {
    const stage = new Stage({ settings, ...(isDestination ? { system: OPEN } : {}) });
    return new Pair(stage, new Oracle(settings, isDestination));
  }

  clone(): Pair {
    const { record, system, settings, now } = this.stage;
    const stage = new Stage({ record, settings, ...(system === undefined ? {} : { system }) });
    stage.now = now;
    return new Pair(stage, this.oracle.clone());
  }

  /** Lets it happen to both, and compares them. */
  step(step: Step): void {
    const before = this.stage.record;
    this.oracle.step(step);
    this.#apply(step);
    this.#compare(before, step);
  }

  /** Plain comparisons: an exploration makes millions of them. */
  #compare(before: ModeRecord, step: Step): void {
    const { record, now, settings } = this.stage;
    const { mode, held, changes, pause, successes } = this.oracle;
    const change = record.history.at(-1);
    const flipped = record.epoch !== before.epoch;
    const claims = {
      mode: record.mode === mode,
      held: record.held === held,
      epoch: record.epoch === changes,
      pause: record.pause === pause,
      successes: record.successes === successes,
      'a new epoch with a new mode, and only then': flipped === (record.mode !== before.mode),
      since: record.since === (flipped ? now : before.since),
      history: flipped
        ? change?.epoch === changes && change.mode === mode && change.at === now
        : record.history === before.history,
      'length of the history': record.history.length <= 10,
      'number of redrives': record.redrives.length <= settings.redriveThreshold,
      'number of keys': (record.failing?.keys.length ?? 0) <= 2,
      'number of failed probes': record.probeFailures <= 2,
      'parked heads are due': record.mode !== 'recovering' || record.dueEpoch === record.epoch,
    };
    const broken = Object.entries(claims).filter(([, holds]) => !holds);
    if (broken.length > 0)
      throw new Error(
        `${broken.map(([claim]) => claim).join(', ')}: wrong after ${JSON.stringify(step)}\n` +
          `before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(record)}\nthe rules: ${this.oracle.key()}`,
      );
  }

  #apply(step: Step): void {
    const { stage } = this;
    switch (step.do) {
      case 'wait':
        stage.after(step.time);
        return;
      case 'shut':
      case 'open':
        stage.system = step.do === 'shut' ? SHUT : OPEN;
        stage.tick();
        return;
      case 'redriven':
        stage.redriven(step.id);
        return;
      case 'failed':
        stage.failed(step.key);
        return;
      case 'answered':
        stage.tick(answered(step.version));
        return;
      case 'not answered':
        stage.tick(failedProbe({ codeVersion: step.version }));
        return;
      case 'look':
        stage.tick();
        return;
      case 'succeeded':
      case 'crashed':
      case 'hold':
      case 'resume':
        stage[step.do]();
    }
  }

  /**
   * Texts are the same only if the future of the modes is. What only follows from them is left out: `troubledSince`,
   * `forwardingSince`, `spill`.
   */
  key(): string {
    const { record, now, settings } = this.stage;
    const age = (at: number | undefined, limit: number) =>
      at === undefined ? null : Math.min(now - at, limit);
    const clock = record.frozenAt ?? now;
    const counts = record.mode !== 'degraded';
    return JSON.stringify([
      [record.mode, record.held, record.probeFailures, record.frozenAt !== undefined],
      counts && record.redrives.map(({ id, at }) => [id, age(at, settings.window + 1)]),
      counts && [
        record.failing?.count,
        record.failing?.keys,
        age(record.failing?.since, settings.breakerTime),
      ],
      record.mode === 'recovering' && Math.min(clock - record.windowFrom, settings.window),
      record.mode === 'degraded' && [Math.max(record.pauseUntil - clock, 0), record.codeVersion],
      record.mode === 'normal' && age(record.since, HOUR),
      [record.successes, record.pause],
      this.oracle.key(),
    ]);
  }
}
