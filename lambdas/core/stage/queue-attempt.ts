/** An attempt at a message of the queue: step 4 of `parking.ts`. */
import { afterDeath, charge, hasDied, settled, stampOf, uncharged } from './attempt-ledger.ts';
import { deathCrash, redriveCrash } from './crash.ts';
import type { Halted, Halts } from './halts.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import { asOwnTrouble, isOwnTrouble } from './own-trouble.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt, StageState } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { endedOf, parkedAsOwn, QueueFailures, type Parked } from './queue-failure.ts';
import type { WorkDeps } from './runner-deps.ts';
import { processUnit, type Unit } from './unit.ts';

export type Attempted =
  | {
      readonly kind: 'done';
      readonly ended: Ended;
      /** Of the messages, from the first on: at least one. */
      readonly done: number;
      /** The ledger entry to write if the delete fails and the message is redelivered; absent when nothing was charged. */
      readonly ledger?: Attempt;
      /** Records what became of the message behind them, which was tried as well: when they are deleted. */
      readonly next?: () => Promise<Parked | Halted>;
    }
  | Parked
  /** The key stops here. */
  | Halted
  /** It was not begun because the stage is blocked. */
  | { readonly kind: 'deferred' };

const DEFERRED = { kind: 'deferred' } as const;

export class QueueAttempts {
  readonly #attempts: StageState['attempts'];
  readonly #mode: KnownMode;
  readonly #halts: Halts;
  readonly #failures: QueueFailures;
  readonly #deps: WorkDeps;

  /** @param attempts of the batch, as they were read with it */
  constructor(attempts: StageState['attempts'], mode: KnownMode, halts: Halts, deps: WorkDeps) {
    this.#attempts = attempts;
    this.#mode = mode;
    this.#halts = halts;
    this.#failures = new QueueFailures(mode, halts, deps);
    this.#deps = deps;
  }

  /** What the ledger knew when the batch was read. */
  known(message: IncomingMessage): Attempt | undefined {
    return this.#attempts.get(message.id);
  }

  record(message: IncomingMessage, attempt: Attempt): Promise<void> {
    return this.#failures.record(message, attempt);
  }

  /**
   * @param unit one message; or several at their first delivery, that are worked on as one
   * @throws InfraFault: nothing was begun
   */
  async attempt(unit: Unit<IncomingMessage>): Promise<Attempted> {
    const { stage, ports, time, settings } = this.#deps;
    const [message] = unit;
    const known = this.known(message);
    let before = known === undefined ? undefined : settled(known);
    let charged: (Attempt & { readonly charges: number }) | undefined;
    if (message.receiveCount > 1) {
      await this.#mode.refresh();
      if (this.#mode.isBlocked) return DEFERRED;
      if (time.timeLeft() < time.worstCase) return this.#halts.stopped(message);
      const stamp = stampOf(this.#mode.own.epoch, stage.codeVersion);
      const died = hasDied(known, stamp);
      if (died) {
        before = await this.#died(message, known);
        if (before === undefined) return DEFERRED;
        // The report is two calls more than a charged attempt has, and they may be slow.
        if (time.timeLeft() < time.worstCase) {
          await this.record(message, before);
          return this.#halts.stopped(message);
        }
      }
      charged = charge(before, stamp, time.clock());
      if (charged.charges > settings.crashes) return this.#redrive(message, before, charged.charges - 1);
      if (died && before !== undefined && isOwnTrouble(before, true, this.#mode.own, time.clock(), settings))
        return parkedAsOwn('the process ended', before);
      await this.#charge(message, before, charged);
    }
    const { epoch } = this.#mode.own;
    const { lastProgress } = this.#mode;
    for (const one of unit)
      ports.lastWords.begun(one, stampOf(epoch, stage.codeVersion), charged !== undefined);
    const processing = { attempt: before, isTrial: false, inOwnTrouble: false, timeLeft: time.timeLeft };
    const { done, shown, last } = await processUnit(ports.process, unit, processing);
    for (const one of unit) ports.lastWords.ended(one);
    const begun = { before, charged, epoch, lastProgress, at: time.clock() };
    const stuck = unit[done];
    const next =
      last === undefined || stuck === undefined
        ? undefined
        : () => this.#failures.of({ ...begun, message: stuck }, last);
    if (next !== undefined && done === 0) return next();
    return {
      kind: 'done',
      done,
      ended: endedOf({ ...begun, message }, { kind: 'done', shown }),
      ...(charged === undefined ? {} : { ledger: uncharged(before, undefined) }),
      ...(next === undefined ? {} : { next }),
    };
  }

  /** A write that is said to have failed may have been made: then no attempt was begun for it, and it goes back. */
  async #charge(message: IncomingMessage, before: Attempt | undefined, charged: Attempt): Promise<void> {
    const { stage, ports } = this.#deps;
    try {
      await ports.state.saveAttempt(stage.name, message.id, charged);
    } catch (error) {
      if (error instanceof InfraFault) await this.record(message, uncharged(before, undefined));
      throw error;
    }
  }

  /**
   * An earlier attempt was begun, and its process ended with it.
   * @returns what the ledger knows then; undefined when that has blocked the stage: it is recorded, since no attempt follows
   */
  async #died(message: IncomingMessage, known: Attempt | undefined): Promise<Attempt | undefined> {
    const { settings } = this.#deps;
    const now = this.#deps.time.clock();
    const attempt = afterDeath(known, { now, lastProgress: this.#mode.lastProgress });
    const crash = deathCrash(this.#failures.site(message), 'the process ended');
    if (!isOwnTrouble(attempt, true, this.#mode.own, now, settings))
      await this.#mode.died(this.#mode.own.epoch, message.id, crash);
    if (!this.#mode.isBlocked) return attempt;
    await this.record(message, attempt);
    return undefined;
  }

  async #redrive(message: IncomingMessage, before: Attempt | undefined, charges: number): Promise<Attempted> {
    const { ports, time, settings } = this.#deps;
    const crash = redriveCrash(before, charges, this.#failures.site(message));
    await this.#mode.redriven(this.#mode.own.epoch, message.id, crash);
    ports.observe({ type: 'redriven', message, crash });
    const attempt = { failures: 0, ...before, crash };
    const reason = `it crashed ${charges} times: ${crash.error}`;
    const isOwn = isOwnTrouble(attempt, true, this.#mode.own, time.clock(), settings);
    return { kind: 'park', reason: isOwn ? asOwnTrouble(reason) : reason, attempt, counted: true };
  }
}
