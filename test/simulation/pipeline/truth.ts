/** What really happens in a stage, which nobody in the pipeline can see as a whole: attempts, progress, trouble, and what waits. */
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { Bounds } from './bounds.ts';
import { KeyTruths, type Failing } from './key-truths.ts';

const NEVER = -Infinity;
/** Old times are thrown away after so many new ones. */
const MOST = 500;
/** The longest that a trial takes, milliseconds. */
const TRIAL = 60_000;
/** From an event that gets through until all of the stage's functions may know, at the latest: a few calls. */
const LEARNS = 10_000;

/** How an attempt at a message ended, in the words of the rules. */
export type Result =
  'delivered' | 'filtered' | 'crash' | 'death' | 'failure' | 'refusal' | 'rejected' | 'none';

export interface TruthOptions {
  readonly now: () => number;
  readonly bounds: Bounds;
  /** Messages in the stage's queue, hidden or not. */
  readonly queued: () => number;
  readonly parkedKeys: () => readonly string[];
}

/** Times are milliseconds since 1970. */
export class StageTruth {
  record: ModeRecord = NORMAL;
  /** When it entered its mode, as the record of the world and not of the stage has it. */
  flippedAt = NEVER;
  /** When it last began to recover. */
  recoveringAt = NEVER;
  /** When a hold ended, or the router's being shut. */
  releasedAt = NEVER;
  isStopped = false;
  deliveredAt = NEVER;
  filteredAt = NEVER;
  /** The latest progress that came by the queue or a drain, and not by a trial. */
  ownWayAt = NEVER;
  /** The latest progress that it must know by now: a trial's progress is stored as of the beginning of the trial. */
  #knownAt = NEVER;
  /** Since it began to recover: the first of them. */
  provenAt: number | undefined;
  /** The latest trouble that was not of a key in trouble of its own. */
  troubleAt = NEVER;
  /** Within the window, the latest last. */
  redrives: readonly number[] = [];
  #deaths: readonly number[] = [];
  /** Messages at which a process ended, and which were not begun since. */
  readonly #unknownDeaths = new Set<string>();
  /** Messages that were processed within the window: when. */
  processed: readonly number[] = [];
  probeFailedAt = NEVER;
  isProbeFailing = false;
  /** The first rejection since something was last delivered, and the first that came `stallAfter` later. */
  rejectingFrom: number | undefined;
  rejectingLongAt: number | undefined;
  /** Since when something has been waiting without a break. */
  waitingSince: number | undefined;
  #mayWaitSince: number | undefined;
  /** Keys that were tried since it entered its mode. */
  readonly tried = new Set<string>();
  #doubtAt = NEVER;
  #finishedAt = NEVER;
  /** Milliseconds in which it was normal or recovering, until it entered its mode. */
  #forwarded = 0;
  /** By key: its latest attempt. */
  readonly #attempts = new Map<string, number>();
  readonly #keys: KeyTruths;
  readonly #startedAt: number;
  readonly #options: TruthOptions;

  constructor(options: TruthOptions) {
    this.#startedAt = options.now();
    this.#options = options;
    this.#keys = new KeyTruths(options.bounds);
  }

  get progressAt(): number {
    return Math.max(this.deliveredAt, this.filteredAt);
  }

  /** As the stage's functions know it: what one has just got through another does not know yet. */
  get knownProgressAt(): number {
    const by = this.#options.now() - LEARNS;
    return this.progressAt <= by
      ? this.progressAt
      : Math.max(NEVER, ...this.processed.filter((at) => at <= by));
  }

  /** The latest attempt at a key that has not come to be in trouble of its own, by this attempt at the latest. */
  get attemptedAt(): number {
    return Math.max(NEVER, ...[...this.#attempts].map(([key, at]) => (this.isOwn(key) ? NEVER : at)));
  }

  /** From when on the rule (e) counts; undefined while nothing waits. */
  get stalledFrom(): number | undefined {
    return this.#stalledFrom(this.waitingSince);
  }

  /** The same, if a key counts as in trouble of its own only where that is certain. */
  get mayBeStalledFrom(): number | undefined {
    return this.#stalledFrom(this.#mayWaitSince);
  }

  #stalledFrom(waitingSince: number | undefined): number | undefined {
    if (waitingSince === undefined) return undefined;
    // That it became normal it owes to progress, or to there being nothing to do.
    const beganAt = this.record.mode === 'normal' ? NEVER : this.flippedAt;
    return Math.max(this.progressAt, waitingSince, beganAt, this.releasedAt);
  }

  /** @param isTrial a trial proves nothing about the mapping, and is no attempt of the window */
  begun({ key, messageId }: Failing, isTrial: boolean): void {
    this.#unknownDeaths.delete(messageId);
    const { progressAt } = this;
    this.#keys.begun(key, isTrial, { now: this.#options.now(), progressAt, knownAt: this.#knownAt });
    if (isTrial) this.tried.add(key);
    else this.#attempts.set(key, this.#options.now());
  }

  /** Known to the stage: what was stored by a destination that did not answer is not. */
  progress(result: 'delivered' | 'filtered', of: Failing, isTrial: boolean): void {
    const now = this.#options.now();
    if (result === 'delivered') {
      this.deliveredAt = now;
      this.rejectingFrom = undefined;
      this.rejectingLongAt = undefined;
    } else {
      if (this.#isInDoubt) return;
      this.filteredAt = now;
    }
    this.#keys.gotThrough(of);
    this.#knownAt = isTrial ? Math.max(this.#knownAt, now - TRIAL) : now;
    if (isTrial) return;
    this.processed = [...this.processed, now];
    if (this.processed.length % MOST === 0) this.processed = this.#recent(this.processed);
    this.ownWayAt = now;
    if (this.record.mode === 'recovering') this.provenAt ??= now;
  }

  /** An attempt that got something through is over: the stage knows it from now on. */
  finished(): void {
    this.#finishedAt = this.#options.now();
  }

  ended(of: Failing, result: Result, isTrial: boolean): void {
    const { key } = of;
    const now = this.#options.now();
    switch (result) {
      case 'delivered':
      case 'filtered':
        this.progress(result, of, isTrial);
        break;
      case 'none':
        break;
      case 'rejected':
        if (isTrial) break;
        // It is out of the way: whatever waits behind it begins to wait for itself.
        if (this.waitingSince !== undefined) this.waitingSince = now;
        if (this.isOwn(key)) break;
        this.troubleAt = now;
        this.rejectingFrom ??= now;
        if (now - this.rejectingFrom >= this.#options.bounds.stallAfter) this.rejectingLongAt ??= now;
        break;
      case 'crash':
      case 'death':
      case 'failure':
      case 'refusal':
        if (result !== 'crash' && result !== 'death') this.#doubtAt = now;
        if (isTrial) break;
        if (!this.isSurelyOwn(key)) this.troubleAt = now;
        this.#keys.failed(of, {
          now,
          forwarded: this.#forwardedBy(now),
          progressAt: Math.max(this.progressAt, this.#finishedAt),
          knownAt: this.#knownAt,
          isCrash: result === 'crash' || result === 'death',
          isDeath: result === 'death',
        });
    }
  }

  /** The process ended at a message. */
  died({ key, messageId }: Failing): void {
    if (this.isSurelyOwn(key)) return;
    this.#deaths = this.#recent([...this.#deaths, this.#options.now()]);
    this.#unknownDeaths.add(messageId);
  }

  /** With those that the stage may hear about only now. */
  deathsSince(since: number): number {
    return this.#deaths.filter((at) => at >= since).length + this.#unknownDeaths.size;
  }

  redrive(): void {
    const now = this.#options.now();
    this.redrives = this.#recent([...this.redrives, now]);
    this.troubleAt = now;
  }

  probed(isAnswered: boolean): void {
    this.isProbeFailing = !isAnswered;
    if (!isAnswered) this.probeFailedAt = this.#options.now();
  }

  /** @param stopped held, or shut by the router */
  entered(record: ModeRecord, stopped: boolean): void {
    const now = this.#options.now();
    if (record.epoch !== this.record.epoch) {
      this.#forwarded = this.#forwardedBy(now);
      this.flippedAt = now;
      this.tried.clear();
      if (record.mode !== 'normal') {
        this.rejectingFrom = undefined;
        this.rejectingLongAt = undefined;
      }
      if (record.mode === 'recovering') {
        this.recoveringAt = now;
        this.provenAt = undefined;
      }
    }
    this.record = record;
    if (this.isStopped && !stopped) {
      this.releasedAt = now;
      this.rejectingFrom = undefined;
      this.rejectingLongAt = undefined;
    }
    this.isStopped = stopped;
  }

  /** Looks at what waits. */
  look(): void {
    const { queued, parkedKeys, now } = this.#options;
    const isQueued = queued() > 0;
    const waits = isQueued || parkedKeys().some((key) => !this.isOwn(key));
    const mayWait = isQueued || parkedKeys().some((key) => !this.isSurelyOwn(key, true));
    this.waitingSince = waits ? (this.waitingSince ?? now()) : undefined;
    this.#mayWaitSince = mayWait ? (this.#mayWaitSince ?? now()) : undefined;
  }

  /** It was given up, or discarded. */
  gone(messageId: string): void {
    this.#keys.gone(messageId);
  }

  isOwn(key: string): boolean {
    return this.#keys.isOwn(key);
  }

  isSurelyOwn(key: string, isKnown = false): boolean {
    return this.#keys.isSurelyOwn(key, this.#forwardedBy(this.#options.now()), isKnown);
  }

  /** Redrives within the window, and their share of what was processed. */
  get redriven(): { readonly count: number; readonly share: number } {
    const count = this.#recent(this.redrives).length;
    return { count, share: count / (count + this.#recent(this.processed).length) };
  }

  #recent(times: readonly number[]): readonly number[] {
    const { now, bounds } = this.#options;
    return times.filter((at) => now() - at <= bounds.window + bounds.slack);
  }

  get #isInDoubt(): boolean {
    const { now, bounds, parkedKeys } = this.#options;
    if (this.#doubtAt <= this.deliveredAt) return false;
    return now() - this.#doubtAt < bounds.stallAfter || parkedKeys().some((key) => !this.isOwn(key));
  }

  #forwardedBy(now: number): number {
    if (this.record.mode === 'degraded') return this.#forwarded;
    return this.#forwarded + now - Math.max(this.flippedAt, this.#startedAt);
  }
}
