/** The drain of one parked key: `parking.ts` has the steps. */
import { afterCrash, afterDeath, afterFailure, isFurther, uncharged } from './attempt-ledger.ts';
import { crashRecord, deathCrash } from './crash.ts';
import { FRESH, KeyLease } from './key-lease.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import type { Head, ParkedMessage } from './parking-port.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { WorkDeps } from './runner-deps.ts';
import { processUnit, type NotDone, type Unit } from './unit.ts';

/** `blocked`, `no time`: the worker must end as well; `busy`: another has the lease; `lost`: another has taken it over. */
export type DrainResult = 'worked' | 'blocked' | 'no time' | 'busy' | 'lost';

type Failure = Exclude<NotDone, { kind: 'stopped' }>;

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

/**
 * Messages that are read at a time; more where one request takes several. Of a key that failed last time only one: it would read the
 * others again and again behind the one that fails.
 */
const PAGE = 25;
const PAGE_OF_UNITS = 100;

export class KeyDrain {
  readonly #head: Head;
  readonly #lease: KeyLease;
  readonly #mode: KnownMode;
  readonly #deps: WorkDeps;
  #done = 0;
  /** The process of the drain before this one died at the oldest message. */
  #followsDeath = false;
  /** Several messages at a time. */
  #hasUnits: boolean;

  constructor(head: Head, mode: KnownMode, deps: WorkDeps) {
    this.#head = head;
    this.#lease = new KeyLease(head, mode, deps);
    this.#mode = mode;
    this.#deps = deps;
    this.#hasUnits = deps.ports.process.unit !== undefined;
  }

  /** @throws InfraFault; the lease was given back, or expires */
  async run(): Promise<DrainResult> {
    const { stage, ports, time } = this.#deps;
    const { parking } = ports;
    const { key, failures } = this.#head;
    const now = time.clock();
    if (!(await this.#lease.take(now))) return 'busy';
    this.#followsDeath = this.#lease.followsDeath(now);
    // What ends the process may be any of them, and is found only alone.
    if (this.#followsDeath) this.#hasUnits = false;
    let emptied = false;
    try {
      for (;;) {
        const head = await this.#lease.head();
        if (head === undefined) return 'lost';
        const most = this.#hasUnits ? PAGE_OF_UNITS : PAGE;
        const limit = failures > 0 && this.#done === 0 ? 1 : most;
        const { messages, more } = await parking.page(stage.name, key, limit);
        const result = await this.#page(messages);
        if (result !== 'next') return result;
        if (more) continue;
        // By the token from before the page was read: what was appended since then has changed it.
        emptied = await parking.deleteHead(stage.name, key, head.token, this.#lease.owner);
        if (emptied) return 'worked';
      }
    } catch (error) {
      // Not the key's doing, as below.
      const wait = Math.min(this.#lease.backoff(), time.backoff.maxBackoff);
      if (error instanceof InfraFault) await this.#lease.failed(time.clock() + wait);
      throw error;
    } finally {
      if (this.#done > 0 || emptied) ports.observe({ type: 'drained', key, messages: this.#done, emptied });
    }
  }

  /** @returns 'next' when all of them are done */
  async #page(messages: readonly ParkedMessage[]): Promise<DrainResult | 'next'> {
    let [first, ...others] = messages;
    while (first !== undefined) {
      if (!(await this.#lease.isHeld())) return 'lost';
      if (this.#followsDeath) first = await this.#died(first);
      this.#followsDeath = false;
      const done = await this.#putThrough(this.#unit(first, others));
      if (typeof done === 'string') return done;
      [first, ...others] = others.slice(done - 1);
    }
    return 'next';
  }

  /** As many of the next messages as nothing is known of. */
  #unit(first: ParkedMessage, others: readonly ParkedMessage[]): Unit<ParkedMessage> {
    if (!this.#hasUnits || this.#lease.inOwnTrouble || first.attempt !== undefined) return [first];
    const known = others.findIndex(({ attempt }) => attempt !== undefined);
    return [first, ...(known === -1 ? others : others.slice(0, known))];
  }

  /** @returns how many of them are done, at least one; or why the drain ends */
  async #putThrough(unit: Unit<ParkedMessage>): Promise<DrainResult | number> {
    const { ports, time } = this.#deps;
    await this.#mode.refreshAfter(FRESH);
    const { isBlocked, lastProgress } = this.#mode;
    if (isBlocked || time.timeLeft() < time.worstCase || !this.#lease.lasts) {
      await this.#lease.giveBack();
      return isBlocked ? 'blocked' : 'no time';
    }
    const { epoch } = this.#mode.own;
    const { inOwnTrouble } = this.#lease;
    const begun = { epoch, key: this.#head.key, inOwnTrouble, lastProgress };
    const [{ attempt }] = unit;
    const processing = { attempt, isTrial: false, inOwnTrouble, timeLeft: time.timeLeft };
    const [first, ...others] = unit;
    const messages = [toMessage(first), ...others.map(toMessage)] as const;
    const { done, shown, last } = await processUnit(ports.process, messages, processing);
    const at = time.clock();
    if (
      done > 0 &&
      !(await this.#finished(unit.slice(0, done), { ...begun, at, outcome: { kind: 'done', shown } }))
    )
      return 'lost';
    const stuck = unit[done];
    if (last === undefined || stuck === undefined) return done;
    return this.#halted(stuck, last, { ...begun, at, outcome: last }, lastProgress);
  }

  /** One after another, so that whatever ends this leaves the later ones. @returns false when another has taken the key over */
  async #finished(messages: readonly ParkedMessage[], ended: Ended): Promise<boolean> {
    let isHeld = false;
    try {
      // First: behind a deletion nothing would say that the key got further, if the process died.
      isHeld = await this.#lease.succeeded(ended.outcome);
    } finally {
      await this.#deleteAll(messages, ended.key);
    }
    if (isHeld) await this.#mode.ended(ended);
    return isHeld;
  }

  async #deleteAll(messages: readonly ParkedMessage[], key: string): Promise<void> {
    const { stage, ports } = this.#deps;
    try {
      for (const { sort } of messages) {
        await ports.parking.deleteMessage(stage.name, key, sort);
        this.#done += 1;
      }
    } catch (error) {
      this.#lease.notDeleted();
      throw error;
    }
  }

  async #halted(
    parked: ParkedMessage,
    outcome: NotDone,
    ended: Ended,
    lastProgress: number,
  ): Promise<DrainResult> {
    if (outcome.kind !== 'stopped') return this.#failed(parked, outcome, ended, lastProgress);
    if (outcome.progress !== undefined) await this.#save(parked, uncharged(parked.attempt, outcome.progress));
    await this.#mode.ended(ended);
    await this.#lease.giveBack();
    return 'no time';
  }

  /** @returns the oldest message, with what is known of it now */
  async #died(oldest: ParkedMessage): Promise<ParkedMessage> {
    const { codeVersion } = this.#deps.stage;
    const now = this.#deps.time.clock();
    const attempt = afterDeath(oldest.attempt, { now, lastProgress: this.#mode.lastProgress });
    await this.#save(oldest, attempt);
    await this.#lease.judge(attempt, true);
    const crash = deathCrash({ message: oldest, codeVersion, at: now }, 'the process ended');
    if (!this.#lease.inOwnTrouble) await this.#mode.died(this.#head.triedEpoch, oldest.id, crash);
    return { ...oldest, attempt };
  }

  /** Keeps what is known of the message now, and gives the lease back with its backoff. */
  async #failed(
    parked: ParkedMessage,
    failure: Failure,
    ended: Ended,
    lastProgress: number,
  ): Promise<'worked'> {
    const { clock, backoff: limits } = this.#deps.time;
    const { observe } = this.#deps.ports;
    const { codeVersion } = this.#deps.stage;
    const { key } = this.#head;
    const before = parked.attempt;
    const failed = { now: ended.at, lastProgress };
    const about = { type: 'drain failed', key, messageId: parked.id, why: failure.kind } as const;
    let nextAttemptAt: number;
    let crash: Ended['crash'];
    switch (failure.kind) {
      case 'crash': {
        crash = crashRecord(failure.crash, { message: parked, codeVersion, at: ended.at });
        const attempt = afterCrash(before ?? { failures: 0 }, crash, failed);
        await this.#save(parked, attempt);
        await this.#lease.judge(attempt, true);
        nextAttemptAt = clock() + this.#lease.backoff();
        observe({ ...about, reason: crash.error, crash, nextAttemptAt });
        break;
      }
      case 'retry': {
        if (isFurther(failure.progress, before?.progress)) this.#lease.gotFurther();
        const attempt = afterFailure(before, failure, failed);
        await this.#save(parked, attempt);
        await this.#lease.judge(attempt, false);
        nextAttemptAt = clock() + this.#lease.backoff(failure.retryAfter);
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
      }
      case 'refused':
        await this.#save(parked, { ...uncharged(before, failure.progress), lastError: failure.reason });
        nextAttemptAt = clock() + this.#lease.backoff();
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
      case 'fault':
        if (failure.access === true) {
          const attempt = afterFailure(before, failure, failed);
          await this.#save(parked, attempt);
          await this.#lease.judge(attempt, false);
        } else if (failure.progress !== undefined)
          await this.#save(parked, uncharged(before, failure.progress));
        // Not the key's doing: when AWS is well again it must not wait as long as one that keeps failing.
        nextAttemptAt = clock() + Math.min(this.#lease.backoff(), limits.maxBackoff);
        observe({ ...about, reason: failure.reason, nextAttemptAt });
        break;
    }
    await this.#lease.failed(nextAttemptAt);
    const record = crash === undefined ? {} : { crash };
    await this.#mode.ended({ ...ended, ...record, inOwnTrouble: this.#lease.inOwnTrouble });
    return 'worked';
  }

  async #save(parked: ParkedMessage, attempt: Attempt): Promise<void> {
    const { stage, ports } = this.#deps;
    await ports.parking.saveAttempt(stage.name, parked, attempt);
  }
}
