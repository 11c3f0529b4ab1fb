/** Which keys of a stage really are in own trouble: their failures, and the progress of others in between. */
import type { Bounds } from './bounds.ts';

/** The account of the oldest message of a key that has failed. Times are milliseconds since 1970. */
interface KeyTruth {
  readonly messageId: string;
  /** Its failures with progress of others since the failure before. */
  readonly excused: number;
  /** The failures that must be excused, including deaths that the stage may not know of. */
  readonly surelyExcused: number;
  /** The failures that the stage must know are excused. */
  readonly knownExcused: number;
  /** How long the stage had forwarded when the first failure came. */
  readonly firstFailedAfter: number;
  readonly lastFailedAt: number;
  /** When the stage learned of the last failure; Infinity: not yet. */
  readonly lastKnownAt: number;
  /** `lastKnownAt` of the failure before; undefined: this is the first. */
  readonly knownBefore: number | undefined;
  readonly hasCrashed: boolean;
  /** A death that was not excused when it happened: it counts as excused if others get through before the stage learns of it. */
  readonly mayBeExcused: boolean;
}

/** What had happened in the stage when a message failed. */
interface Failed {
  readonly now: number;
  /** Milliseconds in which the stage was normal or recovering. */
  readonly forwarded: number;
  readonly progressAt: number;
  /** The latest progress that the stage must know of. */
  readonly knownAt: number;
  readonly isCrash: boolean;
  /** The stage learns of it at the key's next attempt, or never: a trial in between hides it. */
  readonly isDeath: boolean;
}

export interface Failing {
  readonly key: string;
  readonly messageId: string;
}

export class KeyTruths {
  readonly #keys = new Map<string, KeyTruth>();
  /** Messages that SQS gave up or an operator discarded: they no longer block the others of their keys. */
  readonly #gone = new Set<string>();
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  failed({ key, messageId }: Failing, failed: Failed): void {
    const { now, forwarded, progressAt, knownAt, isCrash, isDeath } = failed;
    const before = this.#keys.get(key);
    // When the last message of a key is given up, the stage may have no record of its failures left.
    const same = before !== undefined && this.#stands(before) ? before : undefined;
    const { clocks } = this.#bounds;
    const isExcused = before === undefined || progressAt > before.lastFailedAt - clocks;
    const isSurelyExcused = same !== undefined && knownAt > same.lastFailedAt + clocks;
    const isKnownExcused = same !== undefined && !isDeath && knownAt > same.lastKnownAt + clocks;
    this.#keys.set(key, {
      messageId: same?.messageId ?? messageId,
      excused: (before?.excused ?? 0) + (isExcused ? 1 : 0),
      surelyExcused: (same?.surelyExcused ?? 1) + (isSurelyExcused ? 1 : 0),
      knownExcused: (same?.knownExcused ?? (isDeath ? 0 : 1)) + (isKnownExcused ? 1 : 0),
      firstFailedAfter: same?.firstFailedAfter ?? forwarded,
      lastFailedAt: now,
      lastKnownAt: isDeath ? Infinity : now,
      knownBefore: same?.lastKnownAt,
      hasCrashed: isCrash && (same?.hasCrashed ?? true),
      mayBeExcused: isDeath && !isExcused,
    });
  }

  /**
   * An attempt at the key has begun. The stage now knows of a death before it, or, if the attempt is a trial, never will.
   * @param progressAt see `Failed`, also for `knownAt`
   */
  begun(
    key: string,
    isTrial: boolean,
    { now, progressAt, knownAt }: Pick<Failed, 'now' | 'progressAt' | 'knownAt'>,
  ): void {
    const account = this.#keys.get(key);
    if (account?.lastKnownAt !== Infinity) return;
    const { knownBefore, lastFailedAt, excused, knownExcused } = account;
    const { clocks } = this.#bounds;
    const isExcused = account.mayBeExcused && progressAt > lastFailedAt - clocks;
    const isKnownExcused = !isTrial && (knownBefore === undefined || knownAt > knownBefore + clocks);
    this.#keys.set(key, {
      ...account,
      excused: excused + (isExcused ? 1 : 0),
      knownExcused: knownExcused + (isKnownExcused ? 1 : 0),
      lastKnownAt: isTrial ? (knownBefore ?? -Infinity) : now,
      mayBeExcused: false,
    });
  }

  /** If SQS has moved the failing message away, progress of one behind it proves nothing about it. */
  gotThrough({ key, messageId }: Failing): void {
    const account = this.#keys.get(key);
    if (account !== undefined && (account.messageId === messageId || !this.#stands(account)))
      this.#keys.delete(key);
  }

  /** The message was given up or discarded. */
  gone(messageId: string): void {
    this.#gone.add(messageId);
  }

  /** The key may count as in own trouble: the benefit of the doubt, for checks in which control has to see that something waits. */
  isOwn(key: string): boolean {
    const { ownAfter, unseenFailures } = this.#bounds;
    return (this.#keys.get(key)?.excused ?? 0) >= ownAfter - unseenFailures;
  }

  /**
   * Nobody can take it for anything else, since only the progress counts that the stage must know.
   * @param forwarded milliseconds in which the stage was normal or recovering
   * @param isKnown the stage has learned of each death that counts
   */
  isSurelyOwn(key: string, forwarded: number, isKnown: boolean): boolean {
    const { ownAfter, parkAfter, minute } = this.#bounds;
    const truth = this.#keys.get(key);
    if (truth === undefined) return false;
    const excused = isKnown ? truth.knownExcused : truth.surelyExcused;
    if (excused <= ownAfter) return false;
    return truth.hasCrashed || forwarded - truth.firstFailedAfter >= parkAfter + minute;
  }

  #stands({ messageId }: KeyTruth): boolean {
    return !this.#gone.has(messageId);
  }
}
