/** An attempt at a message of the queue that did not finish it: what is recorded of it, and whether its key stops or is parked. */
import ms from 'ms';
import { bestEffort } from './best-effort.ts';
import { afterCrash, afterFailure, charge, stampOf, uncharged } from './attempt-ledger.ts';
import { crashRecord, type CrashSite } from './crash.ts';
import type { Halted, Halts } from './halts.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import type { Outcome } from './outcome.ts';
import { asOwnTrouble, isOwnTrouble } from './own-trouble.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { WorkDeps } from './runner-deps.ts';
import type { NotDone } from './unit.ts';

/** It is set aside; `counted`: as a redrive. */
export interface Parked {
  readonly kind: 'park';
  readonly reason: string;
  readonly attempt: Attempt;
  readonly counted: boolean;
}

/** An attempt that was begun. */
export interface Begun {
  readonly message: IncomingMessage;
  /** What the ledger knew before it. */
  readonly before: Attempt | undefined;
  readonly charged: Attempt | undefined;
  readonly epoch: number;
  /** The stage's last progress, when it began. */
  readonly lastProgress: number;
  /** When it ended. */
  readonly at: number;
}

type Failure = Extract<Outcome, { kind: 'retry' | 'fault' }>;

export const endedOf = ({ message, epoch, at }: Begun, outcome: Outcome): Ended => ({
  epoch,
  at,
  key: message.groupId,
  outcome,
  inOwnTrouble: false,
});

/**
 * Charges begin again with each epoch, so in a stage that is degraded again and again what crashes would never be redriven: it is
 * parked as soon as it is known to be in trouble of its own.
 */
export const parkedAsOwn = (error: string, attempt: Attempt): Parked => ({
  kind: 'park',
  reason: asOwnTrouble(`it crashes: ${error}`),
  attempt,
  counted: false,
});

export class QueueFailures {
  readonly #mode: KnownMode;
  readonly #halts: Halts;
  readonly #deps: WorkDeps;

  constructor(mode: KnownMode, halts: Halts, deps: WorkDeps) {
    this.#mode = mode;
    this.#halts = halts;
    this.#deps = deps;
  }

  async of(begun: Begun, outcome: NotDone): Promise<Parked | Halted> {
    const { message, before } = begun;
    const ended = endedOf(begun, outcome);
    switch (outcome.kind) {
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

  async #crashed(
    { message, before, charged, epoch, lastProgress }: Begun,
    outcome: Extract<Outcome, { kind: 'crash' }>,
    ended: Ended,
  ): Promise<Parked | Halted> {
    const { stage, ports, settings } = this.#deps;
    const { at } = ended;
    const crash = crashRecord(outcome.crash, this.site(message));
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
  ): Promise<Parked | Halted> {
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

  site(message: IncomingMessage): CrashSite {
    const { stage, time } = this.#deps;
    return { message, codeVersion: stage.codeVersion, at: time.clock() };
  }
}
