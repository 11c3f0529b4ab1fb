/** A drain's lease on a parked key. While the drain has it, it keeps what the key's head says: failures, and trouble of its own. */
import { backoff } from './backoff.ts';
import { bestEffort } from './best-effort.ts';
import type { KnownMode } from './known-mode.ts';
import type { Outcome } from './outcome.ts';
import { asOwnTrouble, inOwnTrouble, isOwnTrouble, withoutOwnTrouble } from './own-trouble.ts';
import type { Head } from './parking-port.ts';
import type { Attempt } from './ports.ts';
import { CALL_MARGIN } from '../base/limits.ts';
import type { WorkDeps } from './runner-deps.ts';

/** How the owner of a lease begins that works on its key, and not as a trial or for an operator. */
const DRAIN = 'drain:';

/** For how long it is relied on that the lease is there, milliseconds. */
export const FRESH = 1_000;

export class KeyLease {
  readonly owner: string;
  readonly #head: Head;
  readonly #mode: KnownMode;
  readonly #deps: WorkDeps;
  /** Of the key, before the lease was charged. */
  #failures: number;
  /** As the head says. */
  #reason: string;
  /** As they were before the last success. */
  #failuresBefore = 0;
  /** Whether the head's failure count has been cleared. */
  #isReset = false;
  /** When it ends, and when it was last seen to be there; milliseconds since 1970. */
  #until = -Infinity;
  #seenAt = -Infinity;

  constructor(head: Head, mode: KnownMode, deps: WorkDeps) {
    this.owner = `${DRAIN}${deps.ports.uuid()}`;
    this.#head = head;
    this.#failures = head.failures;
    this.#reason = head.reason;
    this.#mode = mode;
    this.#deps = deps;
  }

  get inOwnTrouble(): boolean {
    return inOwnTrouble({ reason: this.#reason });
  }

  /** @returns false when another has it @throws InfraFault */
  take(now: number): Promise<boolean> {
    const { stage, ports, time } = this.#deps;
    this.#until = now + time.leaseTime;
    const lease = {
      owner: this.owner,
      now,
      until: this.#until,
      nextAttemptAt: now + this.backoff(),
      triedEpoch: this.#mode.own.epoch,
    };
    return ports.parking.takeLease(stage.name, { key: this.#head.key, failures: this.#failures }, lease);
  }

  /** @returns the head as it is now; undefined: another has taken the key over @throws InfraFault */
  async head(): Promise<Head | undefined> {
    const { stage, ports, time } = this.#deps;
    const at = time.clock();
    const head = await ports.parking.readHead(stage.name, this.#head.key);
    if (head?.leaseOwner !== this.owner) return undefined;
    this.#seenAt = at;
    return head;
  }

  /** Before each message: a process that slept may have lost it. @returns whether it is still there @throws InfraFault */
  async isHeld(): Promise<boolean> {
    return this.#deps.time.clock() - this.#seenAt < FRESH || (await this.head()) !== undefined;
  }

  /** Whether it lasts longer than a message that begins now can take, and a call. */
  get lasts(): boolean {
    const { clock, worstCase } = this.#deps.time;
    return this.#until - clock() >= worstCase + CALL_MARGIN;
  }

  /**
   * Nobody gave the lease before this one back in time: the process of that drain has died. (One that had time left may have been given
   * back since.)
   */
  followsDeath(now: number): boolean {
    const { leaseOwner = '', leaseUntil = Infinity } = this.#head;
    return leaseOwner.startsWith(DRAIN) && leaseUntil <= now;
  }

  /** Marks the head when its key has come to be in trouble of its own. @throws InfraFault */
  async judge(attempt: Attempt, hasCrashed: boolean): Promise<void> {
    const { stage, ports, time, settings } = this.#deps;
    if (this.inOwnTrouble || !isOwnTrouble(attempt, hasCrashed, this.#mode.own, time.clock(), settings))
      return;
    const reason = asOwnTrouble(this.#reason);
    if (await ports.parking.setReason(stage.name, this.#head.key, this.owner, reason)) this.#reason = reason;
  }

  /** Events of a message got through, although not all: for the key's backoff its next failure is the first. */
  gotFurther(): void {
    this.#failures = 0;
  }

  /**
   * A success: the key's failures start over, and so does its trouble, unless the message was only given up. Once is enough, since
   * only a lease counts failures. If the process dies later, the key is due as after its first failure.
   * @returns false when another has taken the key over @throws InfraFault
   */
  async succeeded({ shown }: Outcome): Promise<boolean> {
    const gotThrough = shown !== undefined && shown.delivered + shown.filtered > 0;
    const endsTrouble = this.inOwnTrouble && gotThrough;
    this.#failuresBefore = this.#failures;
    if (this.#isReset && !endsTrouble) return true;
    const { stage, ports, time } = this.#deps;
    const reason = withoutOwnTrouble(this.#reason);
    this.#failures = 0;
    const nextAttemptAt = time.clock() + time.backoff.minBackoff;
    const set = { nextAttemptAt, ...(endsTrouble ? { reason } : {}) };
    this.#isReset = await ports.parking.resetFailures(stage.name, this.#head.key, this.owner, set);
    if (endsTrouble) this.#reason = reason;
    return this.#isReset;
  }

  /** What got through could not be deleted, and is delivered again: not sooner than if it had failed. */
  notDeleted(): void {
    this.#failures = Math.max(this.#failures, this.#failuresBefore);
  }

  /** Nobody's fault: the charge is taken back, and the key is due immediately. @throws InfraFault */
  async giveBack(): Promise<void> {
    const { stage, ports, time } = this.#deps;
    const set = { failures: this.#failures, nextAttemptAt: time.clock() };
    await ports.parking.releaseLease(stage.name, this.#head.key, this.owner, set);
  }

  /** After a failure, which the lease has counted already unless a success has reset it since. */
  async failed(nextAttemptAt: number): Promise<void> {
    const { stage, ports } = this.#deps;
    const set = { failures: this.#failures + 1, nextAttemptAt };
    const release = () => ports.parking.releaseLease(stage.name, this.#head.key, this.owner, set);
    await bestEffort('lease', release, ports.observe);
  }

  /** How long the key waits if this drain fails, milliseconds. */
  backoff(retryAfter?: number): number {
    const { time, settings } = this.#deps;
    const { random, backoff: limits } = time;
    const { minBackoff } = limits;
    const { mode, proven } = this.#mode.own;
    // Nothing has got through since it recovers: what waits behind this key must not wait for an hour to be tried.
    const isUnproven = mode === 'recovering' && !proven;
    const longest = isUnproven
      ? Math.min(limits.maxBackoff, settings.maxDrainBackoff)
      : settings.maxDrainBackoff;
    return backoff(this.#failures + 1, { minBackoff, maxBackoff: longest }, random, retryAfter);
  }
}
