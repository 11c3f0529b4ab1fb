/** The drain of one parked key: `parking.ts` has the steps. */
import { afterFailure, isFurther, uncharged } from './attempts.ts';
import { backoff } from './backoff.ts';
import { crashRecord } from './crash.ts';
import type { KnownMode } from './known-mode.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import type { Head, ParkedMessage } from './parking-port.ts';
import { InfraFault, type Attempt, type IncomingMessage } from './ports.ts';
import type { RunnerDeps } from './runner-deps.ts';

export type DrainDeps = Pick<
  RunnerDeps,
  | 'stage'
  | 'codeVersion'
  | 'parking'
  | 'process'
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

/** The queue has it no more, so there is no receipt. */
const toMessage = ({ id, groupId, body, sequenceNumber, sentAt }: ParkedMessage): IncomingMessage => ({
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
  /** Of the key, before the lease was charged. */
  #failures: number;
  /** The head says so no more. */
  #isReset = false;
  #done = 0;

  constructor(head: Head, mode: KnownMode, deps: DrainDeps) {
    this.#key = head.key;
    this.#failures = head.failures;
    this.#mode = mode;
    this.#deps = deps;
    this.#owner = deps.uuid();
  }

  /** @throws InfraFault; the lease was given back, or ends by itself */
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
        const result = await this.#putThrough(oldest);
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
    const { stage, parking, timeLeft, worstCase } = this.#deps;
    await this.#mode.refresh();
    if (this.#mode.isShut || timeLeft() < worstCase) return this.#giveBack();
    const { epoch } = this.#mode.own;
    const { process } = this.#deps;
    const outcome = await outcomeOf(process, toMessage(parked), { attempt: parked.attempt, timeLeft });
    switch (outcome.kind) {
      case 'done':
        await parking.deleteMessage(stage, this.#key, parked.sort);
        this.#done += 1;
        if (!(await this.#reset())) return 'lost';
        await this.#mode.succeeded(epoch);
        return 'next';
      case 'stopped':
        if (outcome.progress !== undefined)
          await this.#save(parked, uncharged(parked.attempt, outcome.progress));
        return this.#giveBack();
      case 'crash':
      case 'retry':
      case 'fault':
      case 'refused':
        return this.#failed(parked, outcome, epoch);
    }
  }

  /** Keeps what is known of the message now, and gives the lease back with its backoff. */
  async #failed(parked: ParkedMessage, failure: Failure, epoch: number): Promise<'worked'> {
    const { clock, codeVersion, observe, backoff: limits } = this.#deps;
    const before = parked.attempt;
    const failed = { type: 'drain failed', key: this.#key, messageId: parked.id } as const;
    let nextAttemptAt: number;
    switch (failure.kind) {
      case 'crash': {
        const crash = crashRecord(failure.crash, { message: parked, codeVersion, at: clock() });
        await this.#save(parked, { failures: 0, ...before, lastError: crash.error, crash });
        nextAttemptAt = clock() + this.#backoff();
        observe({ ...failed, why: 'crash', reason: crash.error, crash, nextAttemptAt });
        await this.#mode.crashed(epoch);
        break;
      }
      case 'retry':
        // Events of it got through: for the key's backoff this is its first failure.
        if (isFurther(failure.progress, before?.progress)) this.#failures = 0;
        await this.#save(parked, afterFailure(before, failure, clock()));
        nextAttemptAt = clock() + this.#backoff(failure.retryAfter);
        observe({ ...failed, why: 'retry', reason: failure.reason, nextAttemptAt });
        break;
      case 'refused':
        await this.#save(parked, { ...uncharged(before, failure.progress), lastError: failure.reason });
        nextAttemptAt = clock() + this.#backoff();
        observe({ ...failed, why: 'refused', reason: failure.reason, nextAttemptAt });
        break;
      case 'fault':
        if (failure.progress !== undefined) await this.#save(parked, uncharged(before, failure.progress));
        // Not the key's doing: when AWS is well again it must not wait as long as one that keeps failing.
        nextAttemptAt = clock() + Math.min(this.#backoff(), limits.maxBackoff);
        observe({ ...failed, why: 'fault', reason: failure.reason, nextAttemptAt });
        break;
    }
    await this.#release(nextAttemptAt);
    return 'worked';
  }

  async #save(parked: ParkedMessage, attempt: Attempt): Promise<void> {
    await this.#deps.parking.saveMessage(this.#deps.stage, { ...parked, attempt });
  }

  /** A success: the key's failures begin anew. Once is enough, since only a lease counts them. */
  async #reset(): Promise<boolean> {
    if (this.#isReset) return true;
    this.#failures = 0;
    this.#isReset = await this.#deps.parking.resetFailures(this.#deps.stage, this.#key, this.#owner);
    return this.#isReset;
  }

  /** Nobody's fault: the charge is taken back, and the key is due at once. */
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
    try {
      await parking.releaseLease(stage, this.#key, this.#owner, set);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      observe({ type: 'setback', step: 'lease', error });
    }
  }

  #backoff(retryAfter?: number): number {
    const { random, backoff: limits, settings } = this.#deps;
    const { minBackoff } = limits;
    const tries = this.#failures + 1;
    return backoff(tries, { minBackoff, maxBackoff: settings.maxDrainBackoff }, random, retryAfter);
  }
}
