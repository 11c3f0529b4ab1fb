/**
 * What a running function knows of its stage's mode, and what it reports to the mode machine.
 *
 * It knows the mode as of its last strong read, or as the machine left it after an event of its own: so a function that
 * flips its stage forwards nothing more itself. In normal operation without failures nothing is reported, and progress is written once a
 * minute.
 *
 * Of one attempt its progress comes first: it is stored, then reported, and only then what failed. So a failure is always later than
 * what the same attempt got through, and nothing passes for well that ended badly.
 */
import pLimit from 'p-limit';
import type { ModeEvent } from '../mode/machine.ts';
import { isInDoubt, lastProgress } from '../mode/transitions.ts';
import { isBlocked, type ModeRecord, type StageProgress } from '../mode/record.ts';
import type { Crash } from '../../../contract/modes.ts';
import { bestEffort } from './best-effort.ts';
import { NOTHING_SHOWN, type Outcome, type Shown } from './outcome.ts';
import type { StoredStage } from '../mode/ports.ts';
import { isOpen } from '../mode/progress-note.ts';
import type { RunnerDeps } from './runner-deps.ts';

/** An attempt that has ended. */
export interface Ended {
  /** Of the mode under which it was begun. */
  readonly epoch: number;
  /** When it ended; milliseconds since 1970. */
  readonly at: number;
  readonly key: string;
  readonly outcome: Outcome;
  /** Of a crash: its record. */
  readonly crash?: Crash;
  /** Then it is evidence only by its progress. */
  readonly inOwnTrouble: boolean;
}

export class KnownMode {
  #stored: StoredStage;
  /** When it was asked for, as far as it is known; milliseconds since 1970. */
  #readAt = -Infinity;
  readonly #deps: RunnerDeps;
  /** One after another: concurrent writes of the same item would only refuse each other. */
  readonly #inTurn = pLimit(1);

  constructor(stored: StoredStage, deps: RunnerDeps) {
    this.#stored = stored;
    this.#deps = deps;
  }

  get own(): ModeRecord {
    return this.#stored.own;
  }

  /** The router's. */
  get system(): ModeRecord {
    return this.#stored.system;
  }

  get isBlocked(): boolean {
    return isBlocked([this.#stored.own, this.#stored.system]);
  }

  /** When the stage last made progress, as far as it is known here; milliseconds since 1970. */
  get lastProgress(): number {
    return lastProgress({ progress: this.#progress });
  }

  /** A strong read of all of it. @throws InfraFault */
  async refresh(): Promise<void> {
    const at = this.#deps.time.clock();
    this.#stored = await this.#deps.mode.readModes();
    this.#readAt = at;
    await this.catchUp();
  }

  /** Reads it if what is known is older. @param age milliseconds @throws InfraFault */
  async refreshAfter(age: number): Promise<void> {
    if (this.#deps.time.clock() - this.#readAt >= age) await this.refresh();
  }

  /** Writes the progress of earlier invocations that the mode as it was read needs to know of. */
  async catchUp(): Promise<void> {
    if (isOpen(this.own)) await this.#saveProgress();
  }

  /** The mapping has invoked the function with messages of the queue. */
  async invoked(): Promise<void> {
    const { epoch } = this.own;
    await this.#report(
      { type: 'invoked', epoch },
      () => this.own.mode === 'recovering' && this.own.invoked !== true,
    );
  }

  /** Must be known before the message is parked, or a crash in between would leave it uncounted. @throws InfraFault */
  async redriven(epoch: number, messageId: string, crash: Crash): Promise<void> {
    const { progressNote } = this.#deps.mode;
    const processed = progressNote.processed(this.#deps.time.clock());
    await this.#note({ type: 'redriven', epoch, messageId, crash, processed });
    progressNote.redriven();
  }

  /** The process ended at a message, which is known only afterwards. */
  async died(epoch: number, messageId: string, crash: Crash): Promise<void> {
    await this.#report({ type: 'died', epoch, messageId, crash });
  }

  /** What an attempt has shown: its progress, then its rejections, then how it ended. */
  async ended({ epoch, at, key, outcome, crash, inOwnTrouble }: Ended): Promise<void> {
    const { codeVersion } = this.#deps.stage;
    const shown = outcome.shown ?? NOTHING_SHOWN;
    if (outcome.kind === 'done') this.#deps.mode.progressNote.finished(at);
    const hasProgress = await this.#progressed(epoch, shown, at);
    if (inOwnTrouble) return;
    const about = { epoch, key, codeVersion };
    const { rejected, rejection = 'it was rejected' } = shown;
    if (rejected > 0) await this.#report({ type: 'rejected', ...about, text: rejection });
    if (outcome.kind === 'retry' || (outcome.kind === 'fault' && outcome.access === true)) {
      const refused = outcome.kind === 'fault';
      await this.#report({ type: 'failed', ...about, text: outcome.reason, refused });
    } else if (crash !== undefined) {
      await this.#report({ type: 'crashed', epoch, crash });
    } else if (!hasProgress && rejected === 0 && outcome.kind !== 'refused') {
      // A window of recovering that has seen an attempt is not idle.
      const isNews = () =>
        this.own.mode === 'recovering' && (this.own.attemptedAt ?? -1) < this.own.windowFrom;
      await this.#report({ type: 'attempted', epoch }, isNews);
    }
  }

  /**
   * A trial made progress. It is stored as made when the trial began: another trial may have begun the recovery since then, and
   * this is no progress of it.
   */
  async tried(epoch: number, delivered: boolean, begunAt: number): Promise<void> {
    this.#deps.mode.progressNote.made(delivered ? 'deliveredAt' : 'filteredAt', begunAt);
    await this.#saveProgress();
    await this.#report({ type: 'tried', epoch, delivered });
  }

  /** Something was delivered; or filtered out, while the door is not in doubt. */
  hasProgress({ delivered, filtered }: Shown = NOTHING_SHOWN): boolean {
    return delivered > 0 || (filtered > 0 && !this.#isInDoubt);
  }

  /** @returns whether the attempt made progress */
  async #progressed(epoch: number, shown: Shown, at: number): Promise<boolean> {
    if (!this.hasProgress(shown)) return false;
    const delivered = shown.delivered > 0;
    this.#deps.mode.progressNote.made(delivered ? 'deliveredAt' : 'filteredAt', at);
    await this.#saveProgress();
    await this.#report({ type: 'progress', epoch, delivered }, () => isOpen(this.own));
    return true;
  }

  /** As it is stored, and as this environment knows it besides. */
  get #progress(): StageProgress {
    return latest(this.#stored.progress, this.#deps.mode.progressNote.last);
  }

  get #isInDoubt(): boolean {
    const { time, settings } = this.#deps;
    return isInDoubt({ own: this.own, progress: this.#progress, now: time.clock(), settings });
  }

  async #saveProgress(): Promise<void> {
    const { stage, ports, time } = this.#deps;
    const { progressNote } = this.#deps.mode;
    const taken = progressNote.take(this.own, this.#stored.progress, time.clock());
    if (taken === undefined) return;
    const save = () => ports.state.saveProgress(stage.name, taken);
    const isSaved = await bestEffort('progress', save, ports.observe);
    if (isSaved) this.#stored = { ...this.#stored, progress: latest(this.#stored.progress, taken) };
    else progressNote.failed(taken);
  }

  /** If it cannot be reported, the mode changes later than it might: nothing is lost by that. */
  async #report(event: ModeEvent, matters = () => true): Promise<void> {
    await bestEffort('mode', () => this.#note(event, matters), this.#deps.ports.observe);
    await this.catchUp();
  }

  async #note(event: ModeEvent, matters = () => true): Promise<void> {
    await this.#inTurn(async () => {
      if (matters()) this.#stored = { ...this.#stored, own: await this.#deps.mode.note(event) };
    });
  }
}

const latest = (one: StageProgress, other: StageProgress): StageProgress => ({
  deliveredAt: Math.max(one.deliveredAt ?? 0, other.deliveredAt ?? 0),
  filteredAt: Math.max(one.filteredAt ?? 0, other.filteredAt ?? 0),
});
