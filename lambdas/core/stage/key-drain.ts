/** The drain of one parked key: `parking.ts` has the steps. */
import { bestEffort } from './best-effort.ts';
import { afterCrash, afterDeath, afterFailure, isFurther, uncharged } from './attempt-ledger.ts';
import { backoff } from './backoff.ts';
import { crashRecord, deathCrash } from './crash.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { asOwnTrouble, inOwnTrouble, isOwnTrouble, withoutOwnTrouble } from './own-trouble.ts';
import type { Head, ParkedMessage } from './parking-port.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { RunnerDeps } from './runner-deps.ts';

export type DrainDeps = Pick<
  RunnerDeps,
  | 'stage'
  | 'codeVersion'
  | 'state'
  | 'parking'
  | 'process'
  | 'progressNote'
  | 'readModes'
  | 'note'
  | 'clock'
  | 'random'
  | 'uuid'
  | 'backoff'
  | 'settings'
  | 'timeLeft'
  | 'worstCase'
  | 'observe'
> & {
  /** Milliseconds; longer than the function's timeout, by more than a call of AWS may take to land. */
  readonly leaseTime: number;
};

/** `end`: the worker must end as well; `busy`: another has the lease; `lost`: another has taken it over. */
export type DrainResult = 'worked' | 'end' | 'busy' | 'lost';

type Failure = Exclude<Outcome, { kind: 'done' | 'stopped' }>;

/** How the owner of a lease begins that works on its key, and not as a trial or for an operator. */
const DRAIN = 'drain:';

/** The queue has it no more, so there is no receipt. */
export const toMessage = ({ id, groupId, body, sequenceNumber, sentAt }: ParkedMessage): IncomingMessage => ({
  id,
  groupId,
  body,
  sequenceNumber,
  sentAt,
  receiptHandle: '',
  receiveCount: 1,
});

export class KeyDrain {
  readonly #key: string;
  readonly #mode: KnownMode;
  readonly #deps: DrainDeps;
  readonly #owner: string;
  readonly #head: Head;
  /** Of the key, before the lease was charged. */
  #failures: number;
  /** As the head says. */
  #reason: string;
  /** Whether the head's failure count has been cleared. */
  #isReset = false;
  #done = 0;

  constructor(head: Head, mode: KnownMode, deps: DrainDeps) {
    this.#head = head;
    this.#key = head.key;
    this.#failures = head.failures;
    this.#reason = head.reason;
    this.#mode = mode;
    this.#deps = deps;
    this.#owner = `${DRAIN}${deps.uuid()}`;
  }

  get #isOwn(): boolean {
    return inOwnTrouble({ reason: this.#reason });
  }

  /** @throws InfraFault; the lease was given back, or expires */
  async run(): Promise<DrainResult> {
    const { stage, parking, clock, leaseTime, observe } = this.#deps;
    const now = clock();
    const lease = {
      owner: this.#owner,
      now,
      until: now + leaseTime,
      nextAttemptAt: now + this.#backoff(),
      triedEpoch: this.#mode.own.epoch,
    };
    if (!(await parking.takeLease(stage, { key: this.#key, failures: this.#failures }, lease))) return 'busy';
    // Nobody gave it back in time: the process of the drain before has died. (One that had time left may have been given back since.)
    const { leaseOwner = '', leaseUntil = Infinity } = this.#head;
    let hasDied = leaseOwner.startsWith(DRAIN) && leaseUntil <= now;
    let emptied = false;
    try {
      for (;;) {
        const head = await parking.readHead(stage, this.#key);
        if (head?.leaseOwner !== this.#owner) return 'lost';
        const [oldest] = await parking.oldest(stage, this.#key, 1);
        if (oldest === undefined) {
          emptied = await parking.deleteHead(stage, this.#key, head.token, this.#owner);
          if (emptied) return 'worked';
          continue;
        }
        const parked = hasDied ? await this.#died(oldest) : oldest;
        hasDied = false;
        const result = await this.#putThrough(parked);
        if (result !== 'next') return result;
      }
    } catch (error) {
      if (error instanceof InfraFault) await this.#release(clock() + this.#backoff());
      throw error;
    } finally {
      if (this.#done > 0 || emptied)
        observe({ type: 'drained', key: this.#key, messages: this.#done, emptied });
    }
  }

  async #putThrough(parked: ParkedMessage): Promise<DrainResult | 'next'> {
    const { stage, parking, process, clock, timeLeft, worstCase } = this.#deps;
    await this.#mode.refresh();
    if (this.#mode.isShut || timeLeft() < worstCase) return this.#giveBack();
    const { epoch } = this.#mode.own;
    const { lastProgress } = this.#mode;
    const processing = { attempt: parked.attempt, isTrial: false, inOwnTrouble: this.#isOwn, timeLeft };
    const outcome = await outcomeOf(process, toMessage(parked), processing);
    const ended = { epoch, at: clock(), key: this.#key, outcome, inOwnTrouble: this.#isOwn };
    switch (outcome.kind) {
      case 'done':
        await parking.deleteMessage(stage, this.#key, parked.sort);
        this.#done += 1;
        if (!(await this.#reset(outcome))) return 'lost';
        await this.#mode.ended(ended);
        return 'next';
      case 'stopped':
        if (outcome.progress !== undefined)
          await this.#save(parked, uncharged(parked.attempt, outcome.progress));
        await this.#mode.ended(ended);
        return this.#giveBack();
      case 'crash':
      case 'retry':
      case 'fault':
      case 'refused':
        return this.#failed(parked, outcome, ended, lastProgress);
    }
  }

  /** @returns the oldest message, with what is known of it now */
  async #died(oldest: ParkedMessage): Promise<ParkedMessage> {
    const { codeVersion, clock } = this.#deps;
    const now = clock();
    const attempt = afterDeath(oldest.attempt, { now, lastProgress: this.#mode.lastProgress });
    await this.#save(oldest, attempt);
    await this.#judge(attempt, true);
    const crash = deathCrash({ message: oldest, codeVersion, at: now }, 'the process ended');
    if (!this.#isOwn) await this.#mode.died(this.#head.triedEpoch, oldest.id, crash);
    return { ...oldest, attempt };
  }

  /** Marks the head when its key has come to be in trouble of its own. @throws InfraFault */
  async #judge(attempt: Attempt, hasCrashed: boolean): Promise<void> {
    const { stage, parking, clock, settings } = this.#deps;
    if (this.#isOwn || !isOwnTrouble(attempt, hasCrashed, this.#mode.own, clock(), settings)) return;
    const reason = asOwnTrouble(this.#reason);
    if (await parking.setReason(stage, this.#key, this.#owner, reason)) this.#reason = reason;
  }

  /** Keeps what is known of the message now, and gives the lease back with its backoff. */
  async #failed(
    parked: ParkedMessage,
    failure: Failure,
    ended: Ended,
    lastProgress: number,
  ): Promise<'worked'> {
    const { clock, codeVersion, observe, backoff: limits } = this.#deps;
    const before = parked.attempt;
    const failed = { now: ended.at, lastProgress };
    const about = { type: 'drain failed', key: this.#key, messageId: parked.id, why: failure.kind } as const;
    let nextAttemptAt: number;
    let crash: Ended['crash'];
    switch (failure.kind) {
      case 'crash': {
        crash = crashRecord(failure.crash, { message: parked, codeVersion, at: ended.at });
        const attempt = afterCrash(before ?? { failures: 0 }, crash, failed);
        await this.#save(parked, attempt);
        await this.#judge(attempt, true);
        nextAttemptAt = clock() + this.#backoff();
        observe({ ...about, reason: crash.error, crash, nextAttemptAt });
        break;
      }
      case 'retry': {
        // Events of it got through: for the key's backoff this is its first failure.
        if (isFurther(failure.progress, before?.progress)) this.#failures = 0;
        const attempt = afterFailure(before, failure, failed);
        await this.#save(parked, attempt);
        await this.#judge(attempt, false);
        nextAttemptAt = clock() + this.#backoff(failure.retryAfter);
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
      }
      case 'refused':
        await this.#save(parked, { ...uncharged(before, failure.progress), lastError: failure.reason });
        nextAttemptAt = clock() + this.#backoff();
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
      case 'fault':
        if (failure.access === true) {
          const attempt = afterFailure(before, failure, failed);
          await this.#save(parked, attempt);
          await this.#judge(attempt, false);
        } else if (failure.progress !== undefined)
          await this.#save(parked, uncharged(before, failure.progress));
        // Not the key's doing: when AWS is well again it must not wait as long as one that keeps failing.
        nextAttemptAt = clock() + Math.min(this.#backoff(), limits.maxBackoff);
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
    }
    await this.#release(nextAttemptAt);
    const record = crash === undefined ? {} : { crash };
    await this.#mode.ended({ ...ended, ...record, inOwnTrouble: this.#isOwn });
    return 'worked';
  }

  async #save(parked: ParkedMessage, attempt: Attempt): Promise<void> {
    await this.#deps.parking.saveMessage(this.#deps.stage, { ...parked, attempt });
  }

  /**
   * A success: the key's failures start over, and so does its trouble, unless the message was only given up. Once is enough, since
   * only a lease counts failures.
   */
  async #reset({ shown }: Outcome): Promise<boolean> {
    const gotThrough = shown !== undefined && shown.delivered + shown.filtered > 0;
    const endsTrouble = this.#isOwn && gotThrough;
    if (this.#isReset && !endsTrouble) return true;
    const { stage, parking } = this.#deps;
    const reason = withoutOwnTrouble(this.#reason);
    this.#failures = 0;
    this.#isReset = await parking.resetFailures(
      stage,
      this.#key,
      this.#owner,
      endsTrouble ? reason : undefined,
    );
    if (endsTrouble) this.#reason = reason;
    return this.#isReset;
  }

  /** Nobody's fault: the charge is taken back, and the key is due immediately. */
  async #giveBack(): Promise<'end'> {
    const { stage, parking, clock } = this.#deps;
    const set = { failures: this.#failures, nextAttemptAt: clock() };
    await parking.releaseLease(stage, this.#key, this.#owner, set);
    return 'end';
  }

  /** After a failure, which the lease has counted already unless a success has reset it since. */
  async #release(nextAttemptAt: number): Promise<void> {
    const { stage, parking, observe } = this.#deps;
    const set = { failures: this.#failures + 1, nextAttemptAt };
    await bestEffort('lease', () => parking.releaseLease(stage, this.#key, this.#owner, set), observe);
  }

  #backoff(retryAfter?: number): number {
    const { random, backoff: limits, settings } = this.#deps;
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
