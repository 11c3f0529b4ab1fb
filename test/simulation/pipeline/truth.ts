/** What really happens in a stage, which no part of the pipeline sees as a whole: attempts, progress, trouble, and what waits. */
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { Bounds } from './bounds.ts';
import { Counted } from './counted.ts';
import { KeyTruths, type Failing } from './key-truths.ts';
import { LEARNS, StoredProgress } from './stored-progress.ts';
import { Waits, type WaitsOptions } from './waits.ts';

const NEVER = -Infinity;

/** How an attempt at a message ended, in the terms of the rules. */
export type Result =
  'delivered' | 'filtered' | 'crash' | 'death' | 'failure' | 'refusal' | 'rejected' | 'none';

export interface TruthOptions extends Omit<WaitsOptions, 'isOwn' | 'isSurelyOwn'> {
  readonly bounds: Bounds;
}

/** Times are milliseconds since 1970. */
export class StageTruth {
  record: ModeRecord = NORMAL;
  /** When it entered its mode, by the simulation's clock, not the stage's. */
  flippedAt = NEVER;
  /** When it last began to recover. */
  recoveringAt = NEVER;
  /** When a hold ended, or the router stopped blocking it. */
  releasedAt = NEVER;
  isStopped = false;
  deliveredAt = NEVER;
  filteredAt = NEVER;
  /** The latest progress from the queue or a drain, not from a trial. */
  ownWayAt = NEVER;
  /** Since it began to recover: the first of them. */
  provenAt: number | undefined;
  /** The latest trouble, except of keys in own trouble. */
  troubleAt = NEVER;
  probeFailedAt = NEVER;
  isProbeFailing = false;
  /** The first rejection since the last delivery, and the first one `stallAfter` later. */
  rejectingFrom: number | undefined;
  rejectingLongAt: number | undefined;
  /** Keys that were tried since it entered its mode. */
  readonly tried = new Set<string>();
  #doubtAt = NEVER;
  #finishedAt = NEVER;
  /** Milliseconds in which it was normal or recovering, until it entered its mode. */
  #forwarded = 0;
  /** By key: its latest attempt. */
  readonly #attempts = new Map<string, number>();
  readonly counted: Counted;
  readonly #keys: KeyTruths;
  readonly #stored: StoredProgress;
  readonly #waits: Waits;
  readonly #startedAt: number;
  readonly #options: TruthOptions;

  constructor(options: TruthOptions) {
    this.#startedAt = options.now();
    this.#options = options;
    this.counted = new Counted({ ...options, clearedAt: () => this.recoveringAt });
    this.#keys = new KeyTruths(options.bounds);
    this.#stored = new StoredProgress(options.now);
    this.#waits = new Waits({
      ...options,
      isOwn: (key) => this.isOwn(key),
      isSurelyOwn: (key) => this.isSurelyOwn(key, true),
    });
  }

  get progressAt(): number {
    return Math.max(this.deliveredAt, this.filteredAt);
  }

  /** As the stage's functions know it: one does not know yet what another has just got through. */
  get knownProgressAt(): number {
    const by = this.#options.now() - LEARNS;
    return this.progressAt <= by ? this.progressAt : this.counted.knownAt;
  }

  /** It recovers, and each of its functions knows that something got through. */
  get isKnownProven(): boolean {
    return this.provenAt !== undefined && this.provenAt <= this.#options.now() - LEARNS;
  }

  /** The latest attempt at a key that is not in own trouble, counting this attempt. */
  get attemptedAt(): number {
    return Math.max(NEVER, ...[...this.#attempts].map(([key, at]) => (this.isOwn(key) ? NEVER : at)));
  }

  /** Since when something has been waiting without a break. */
  get waitingSince(): number | undefined {
    return this.#waits.since;
  }

  /** Since when there has been something that a trial could try. */
  get triableSince(): number | undefined {
    return this.#waits.triableSince;
  }

  /** From when on the rule (e) counts; undefined while nothing waits. */
  get stalledFrom(): number | undefined {
    return this.#stalledFrom(this.waitingSince, this.progressAt);
  }

  /** The same, if a key counts as in own trouble only where that is certain, and progress only where the stage must know of it. */
  get mayBeStalledFrom(): number | undefined {
    return this.#stalledFrom(this.#waits.maySince, this.knownProgressAt);
  }

  #stalledFrom(waitingSince: number | undefined, progressAt: number): number | undefined {
    if (waitingSince === undefined) return undefined;
    // It became normal because of progress, or because there was nothing to do.
    const beganAt = this.record.mode === 'normal' ? NEVER : this.flippedAt;
    return Math.max(progressAt, waitingSince, beganAt, this.releasedAt);
  }

  /** @param isTrial whether it was a trial, which proves nothing about the mapping and is no attempt of the window */
  begun({ key, messageId }: Failing, isTrial: boolean): void {
    this.counted.begun(messageId);
    const { progressAt } = this;
    const now = this.#options.now();
    this.#keys.begun(key, isTrial, { now, progressAt, knownAt: this.#stored.knownTo(now) });
    if (isTrial) this.tried.add(key);
    else this.#attempts.set(key, now);
  }

  /** Only progress known to the stage, unlike events stored by a destination that did not answer. */
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
    if (isTrial) return;
    this.counted.gotThrough();
    this.ownWayAt = now;
    if (this.record.mode === 'recovering') this.provenAt ??= now;
  }

  /** @param at of the progress, milliseconds since 1970 */
  progressStored(at: number): void {
    this.#stored.written(at);
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
        this.#waits.restart();
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
          knownAt: this.#stored.knownTo(this.#attempts.get(key) ?? now),
          isCrash: result === 'crash' || result === 'death',
          isDeath: result === 'death',
        });
    }
  }

  /** The process died at a message. */
  died({ key, messageId }: Failing): void {
    if (this.isSurelyOwn(key)) return;
    this.counted.died(messageId);
  }

  redrive(): void {
    this.counted.redriven();
    this.troubleAt = this.#options.now();
  }

  probed(isAnswered: boolean): void {
    this.isProbeFailing = !isAnswered;
    if (!isAnswered) this.probeFailedAt = this.#options.now();
  }

  /** @param stopped held, or blocked by the router */
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

  /** Checks what waits. */
  look(): void {
    this.#waits.look();
  }

  /** The message was given up or discarded. */
  gone(messageId: string): void {
    this.#keys.gone(messageId);
  }

  isOwn(key: string): boolean {
    return this.#keys.isOwn(key);
  }

  isSurelyOwn(key: string, isKnown = false): boolean {
    return this.#keys.isSurelyOwn(key, this.#forwardedBy(this.#options.now()), isKnown);
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
