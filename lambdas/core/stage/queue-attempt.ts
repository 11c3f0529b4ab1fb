/** An attempt at a message of the queue: step 4 of `parking.ts`. */
import ms from 'ms';
import { bestEffort } from './best-effort.ts';
import {
  afterCrash,
  afterDeath,
  afterFailure,
  charge,
  hasDied,
  settled,
  stampOf,
  uncharged,
} from './attempt-ledger.ts';
import { crashRecord, deathCrash, redriveCrash, type CrashSite } from './crash.ts';
import type { Halted, Halts } from './halts.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { asOwnTrouble, isOwnTrouble } from './own-trouble.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt, StageState } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { WorkDeps } from './runner-deps.ts';

export type Attempted =
  | {
      readonly kind: 'done';
      readonly ended: Ended;
      /** The ledger entry to write if the delete fails and the message is redelivered; absent when nothing was charged. */
      readonly ledger?: Attempt;
    }
  /** It is set aside; `counted`: as a redrive. */
  | { readonly kind: 'park'; readonly reason: string; readonly attempt: Attempt; readonly counted: boolean }
  /** The key stops here. */
  | Halted
  /** It was not begun because the stage is blocked. */
  | { readonly kind: 'deferred' };

/** An attempt that was begun. */
interface Begun {
  readonly message: IncomingMessage;
  /** What the ledger knew before it. */
  readonly before: Attempt | undefined;
  readonly charged: Attempt | undefined;
  readonly epoch: number;
  /** The stage's last progress, when it began. */
  readonly lastProgress: number;
}

type Failure = Extract<Outcome, { kind: 'retry' | 'fault' }>;

const DEFERRED = { kind: 'deferred' } as const;

/**
 * Charges begin again with each epoch, so in a stage that is degraded again and again what crashes would never be redriven: it is
 * parked as soon as it is known to be in trouble of its own.
 */
const parkedAsOwn = (error: string, attempt: Attempt): Attempted => ({
  kind: 'park',
  reason: asOwnTrouble(`it crashes: ${error}`),
  attempt,
  counted: false,
});

export class QueueAttempts {
  readonly #attempts: StageState['attempts'];
  readonly #mode: KnownMode;
  readonly #halts: Halts;
  readonly #deps: WorkDeps;

  /** @param attempts of the batch, as they were read with it */
  constructor(attempts: StageState['attempts'], mode: KnownMode, halts: Halts, deps: WorkDeps) {
    this.#attempts = attempts;
    this.#mode = mode;
    this.#halts = halts;
    this.#deps = deps;
  }

  /** What the ledger knew when the batch was read. */
  known(message: IncomingMessage): Attempt | undefined {
    return this.#attempts.get(message.id);
  }

  /** @throws InfraFault: nothing was begun */
  async attempt(message: IncomingMessage): Promise<Attempted> {
    const { stage, ports, time, settings } = this.#deps;
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
    ports.lastWords.begun(message, stampOf(epoch, stage.codeVersion), charged !== undefined);
    const processing = { attempt: before, isTrial: false, inOwnTrouble: false, timeLeft: time.timeLeft };
    const outcome = await outcomeOf(ports.process, message, processing);
    ports.lastWords.ended(message);
    return this.#ended({ message, before, charged, epoch, lastProgress }, outcome);
  }

  async #ended(begun: Begun, outcome: Outcome): Promise<Attempted> {
    const { message, before, charged, epoch } = begun;
    const ended = { epoch, at: this.#deps.time.clock(), key: message.groupId, outcome, inOwnTrouble: false };
    switch (outcome.kind) {
      case 'done':
        return {
          kind: 'done',
          ended,
          ...(charged === undefined ? {} : { ledger: uncharged(before, undefined) }),
        };
      case 'retry':
        return this.#failed(begun, outcome, ended);
      case 'crash':
        return this.#crashed(begun, outcome, ended);
      case 'fault':
        if (outcome.access === true) return this.#failed(begun, outcome, ended);
        await this.#takeBack(begun, outcome.progress);
        await this.#mode.ended(ended);
        return this.#halts.fault(message, outcome.reason);
      case 'stopped':
        await this.#takeBack(begun, outcome.progress);
        await this.#mode.ended(ended);
        return this.#halts.stopped(message);
      case 'refused': {
        // To try again would not help. It says nothing about the stage, so that it is not counted.
        const { reason, progress } = outcome;
        await this.#takeBack(begun, progress);
        await this.#mode.ended(ended);
        const attempt = { ...uncharged(before, progress), lastError: reason };
        return { kind: 'park', reason: `AWS does not take it: ${reason}`, attempt, counted: false };
      }
    }
  }

  async #takeBack({ message, before, charged }: Begun, progress: Attempt['progress']): Promise<void> {
    if (charged !== undefined || progress !== undefined)
      await this.record(message, uncharged(before, progress));
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
    const crash = deathCrash(this.#site(message), 'the process ended');
    if (!isOwnTrouble(attempt, true, this.#mode.own, now, settings))
      await this.#mode.died(this.#mode.own.epoch, message.id, crash);
    if (!this.#mode.isBlocked) return attempt;
    await this.record(message, attempt);
    return undefined;
  }

  async #redrive(message: IncomingMessage, before: Attempt | undefined, charges: number): Promise<Attempted> {
    const { ports, time, settings } = this.#deps;
    const crash = redriveCrash(before, charges, this.#site(message));
    await this.#mode.redriven(this.#mode.own.epoch, message.id, crash);
    ports.observe({ type: 'redriven', message, crash });
    const attempt = { failures: 0, ...before, crash };
    const reason = `it crashed ${charges} times: ${crash.error}`;
    const isOwn = isOwnTrouble(attempt, true, this.#mode.own, time.clock(), settings);
    return { kind: 'park', reason: isOwn ? asOwnTrouble(reason) : reason, attempt, counted: true };
  }

  async #crashed(
    { message, before, charged, epoch, lastProgress }: Begun,
    outcome: Extract<Outcome, { kind: 'crash' }>,
    ended: Ended,
  ): Promise<Attempted> {
    const { stage, ports, settings } = this.#deps;
    const { at } = ended;
    const crash = crashRecord(outcome.crash, this.#site(message));
    const own = charged ?? charge(before, stampOf(epoch, stage.codeVersion), at);
    const attempt = afterCrash(own, crash, { now: at, lastProgress });
    const delay = this.#halts.delay(attempt.charges ?? 1);
    ports.observe({ type: 'crash', message, crash, delay });
    await this.record(message, attempt);
    const inOwnTrouble = isOwnTrouble(attempt, true, this.#mode.own, at, settings);
    await this.#mode.ended({ ...ended, crash, inOwnTrouble });
    // After as many crashes under one code and epoch as redrive a message, the next delivery redrives it, which is counted.
    if (inOwnTrouble && (own.charges ?? 0) < settings.crashes) return parkedAsOwn(crash.error, attempt);
    return { kind: 'halted', delay };
  }

  /** The destination did not take it, or AWS does not let the stage work. */
  async #failed(
    { message, before, lastProgress }: Begun,
    outcome: Failure,
    ended: Ended,
  ): Promise<Attempted> {
    const { ports, settings } = this.#deps;
    const { reason } = outcome;
    const { at } = ended;
    const attempt = afterFailure(before, outcome, { now: at, lastProgress });
    await this.record(message, attempt);
    const inOwnTrouble = isOwnTrouble(attempt, false, this.#mode.own, at, settings);
    await this.#mode.ended({ ...ended, inOwnTrouble });
    if (inOwnTrouble) {
      const time = ms(settings.parkAfter, { long: true });
      const why = asOwnTrouble(`it has failed for ${time}: ${reason}`);
      return { kind: 'park', reason: why, attempt, counted: false };
    }
    const retryAfter = outcome.kind === 'retry' ? outcome.retryAfter : undefined;
    const delay = this.#halts.delay(attempt.failures, retryAfter);
    ports.observe({ type: outcome.kind, message, reason, delay });
    return { kind: 'halted', delay };
  }

  /** A record that cannot be written costs a duplicate (lost progress) or a wrong charge, never an event. */
  async record(message: IncomingMessage, attempt: Attempt): Promise<void> {
    const { stage, ports } = this.#deps;
    const save = () => ports.state.saveAttempt(stage.name, message.id, attempt);
    await bestEffort('ledger', save, ports.observe);
  }

  #site(message: IncomingMessage): CrashSite {
    const { stage, time } = this.#deps;
    return { message, codeVersion: stage.codeVersion, at: time.clock() };
  }
}
