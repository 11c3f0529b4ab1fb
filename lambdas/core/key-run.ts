/** The messages of one key in a batch, in order, up to the first that must be kept by the queue: `parking.ts` has the steps. */
import ms from 'ms';
import { afterCrash, afterFailure, charge, stampOf, uncharged, type ChargedAttempt } from './attempts.ts';
import { backoff, toSeconds } from './backoff.ts';
import { crashRecord, redriveCrash, type CrashSite } from './crash.ts';
import type { KnownMode } from './known-mode.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { park, sortOf, touchHead } from './parking.ts';
import { InfraFault, type Attempt, type IncomingMessage, type StageState } from './ports.ts';
import { deleteMessage, hide } from './queue-steps.ts';
import type { RunnerDeps } from './runner-deps.ts';
import type { CaughtCrash } from './transform.ts';

/** What the queue must keep of a key. */
export interface Kept {
  readonly messages: readonly IncomingMessage[];
  /** They were not begun because the stage is shut: the batch puts them off. */
  readonly refused: boolean;
}

type Step =
  /** The queue must delete it. */
  | { readonly kind: 'finished'; readonly processed?: Processed }
  /** The key stops here for so many seconds. */
  | { readonly kind: 'halted'; readonly delay: number }
  | { readonly kind: 'refused' };

interface Processed {
  /** Of the mode under which it was begun. */
  readonly epoch: number;
  /** What the ledger is to say if the message comes again all the same; absent when nothing was charged. */
  readonly ledger?: Attempt;
}

const REFUSED = { kind: 'refused' } as const;

/** How a message's key is known to be parked: its head was read with the batch, or this run has made it. */
type Head = 'none' | 'read' | 'made';

export class KeyRun {
  readonly #messages: readonly IncomingMessage[];
  readonly #attempts: ReadonlyMap<string, Attempt>;
  readonly #mode: KnownMode;
  readonly #deps: RunnerDeps;
  #head: Head;

  /** @param messages of one key, at least one */
  constructor(
    key: string,
    messages: readonly IncomingMessage[],
    state: Pick<StageState, 'parked' | 'attempts'>,
    mode: KnownMode,
    deps: RunnerDeps,
  ) {
    this.#messages = messages;
    this.#attempts = state.attempts;
    this.#mode = mode;
    this.#deps = deps;
    this.#head = state.parked.has(key) ? 'read' : 'none';
  }

  async run(): Promise<Kept> {
    for (const [i, message] of this.#messages.entries()) {
      const rest = this.#messages.slice(i);
      const step = await this.#handle(message);
      if (step.kind === 'refused') return { messages: rest, refused: true };
      if (step.kind === 'halted') {
        await hide(rest, step.delay, this.#deps);
        return { messages: rest, refused: false };
      }
      const later = rest.slice(1);
      const mustDelete = later.length > 0 || message.receiveCount > 1;
      const isDeleted = !mustDelete || (await deleteMessage(message, this.#deps));
      const { processed } = step;
      if (!isDeleted && processed?.ledger !== undefined) await this.#record(message, processed.ledger);
      if (processed !== undefined) await this.#mode.succeeded(processed.epoch);
      if (!isDeleted) {
        // The batch's response deletes it; until then the next must not begin.
        await hide(later, 0, this.#deps);
        return { messages: later, refused: false };
      }
    }
    return { messages: [], refused: false };
  }

  async #handle(message: IncomingMessage): Promise<Step> {
    try {
      return await this.#step(message);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      return this.#fault(message, error.message);
    }
  }

  async #step(message: IncomingMessage): Promise<Step> {
    const { stage, parking, timeLeft, worstCase } = this.#deps;
    const reason = this.#reasonToPark(message);
    if (reason === undefined && this.#mode.isShut) return REFUSED;
    if (timeLeft() < worstCase) return this.#stopped(message);
    const attempt = this.#attempts.get(message.id);
    if (message.receiveCount > 1 && (await parking.hasMessage(stage, message.groupId, sortOf(message)))) {
      const first = attempt?.crash?.error ?? 'it was parked by a delivery that was cut short';
      await touchHead(message.groupId, first, this.#deps);
      this.#head = 'made';
      return { kind: 'finished' };
    }
    if (reason !== undefined) return this.#park(message, reason, attempt);
    return this.#attempt(message, attempt);
  }

  /** Without an attempt. A shut stage leaves in the queue what it need not park. */
  #reasonToPark({ sentAt }: IncomingMessage): string | undefined {
    const { spillAfter } = this.#deps.settings;
    const { own, isShut } = this.#mode;
    if (this.#head === 'made' || (this.#head === 'read' && !isShut)) return 'its key is parked';
    if (this.#deps.clock() - sentAt >= spillAfter)
      return `it has been in the queue for ${ms(spillAfter, { long: true })}`;
    return isShut && own.spill ? 'the stage has not been forwarding for too long' : undefined;
  }

  async #attempt(message: IncomingMessage, before: Attempt | undefined): Promise<Step> {
    const { codeVersion, timeLeft, worstCase, settings } = this.#deps;
    let charged: ChargedAttempt | undefined;
    if (message.receiveCount > 1) {
      await this.#mode.refresh();
      if (this.#mode.isShut) return REFUSED;
      if (timeLeft() < worstCase) return this.#stopped(message);
      charged = charge(before, stampOf(this.#mode.own.epoch, codeVersion));
      if (charged.charges > settings.crashes) return this.#redrive(message, before, charged.charges - 1);
      await this.#charge(message, before, charged);
    }
    const { epoch } = this.#mode.own;
    this.#deps.lastWords.begun(message, stampOf(epoch, codeVersion), charged !== undefined);
    const outcome = await outcomeOf(this.#deps.process, message, { attempt: before, timeLeft });
    this.#deps.lastWords.ended(message);
    const takeBack = async (progress: Attempt['progress']) => {
      if (charged !== undefined || progress !== undefined)
        await this.#record(message, uncharged(before, progress));
    };
    switch (outcome.kind) {
      case 'done': {
        const ledger = charged === undefined ? {} : { ledger: uncharged(before, undefined) };
        return { kind: 'finished', processed: { epoch, ...ledger } };
      }
      case 'stopped':
        await takeBack(outcome.progress);
        return this.#stopped(message);
      case 'fault':
        await takeBack(outcome.progress);
        return this.#fault(message, outcome.reason);
      case 'retry':
        return this.#failed(message, before, outcome, epoch);
      case 'refused':
        await takeBack(outcome.progress);
        return this.#refused(message, uncharged(before, outcome.progress), outcome.reason);
      case 'crash':
        charged ??= charge(before, stampOf(epoch, codeVersion));
        return this.#crashed(message, charged, outcome.crash, epoch);
    }
  }

  /** A write that is said to have failed may have been made: then no attempt was begun for it, and it goes back. */
  async #charge(message: IncomingMessage, before: Attempt | undefined, charged: Attempt): Promise<void> {
    try {
      await this.#deps.state.saveAttempt(this.#deps.stage, message.id, charged);
    } catch (error) {
      if (error instanceof InfraFault) await this.#record(message, uncharged(before, undefined));
      throw error;
    }
  }

  async #redrive(message: IncomingMessage, before: Attempt | undefined, charges: number): Promise<Step> {
    const crash = redriveCrash(before, charges, this.#site(message));
    await this.#mode.redriven(this.#mode.own.epoch, message.id, crash);
    this.#deps.observe({ type: 'redriven', message, crash });
    const reason = `it crashed ${charges} times: ${crash.error}`;
    return this.#park(message, reason, { failures: 0, ...before, crash }, true);
  }

  async #crashed(
    message: IncomingMessage,
    charged: ChargedAttempt,
    caught: CaughtCrash,
    epoch: number,
  ): Promise<Step> {
    const crash = crashRecord(caught, this.#site(message));
    const delay = this.#wait(charged.charges);
    this.#deps.observe({ type: 'crash', message, crash, delay });
    await this.#record(message, afterCrash(charged, crash));
    await this.#mode.crashed(epoch);
    return { kind: 'halted', delay };
  }

  async #failed(
    message: IncomingMessage,
    before: Attempt | undefined,
    outcome: Extract<Outcome, { kind: 'retry' }>,
    epoch: number,
  ): Promise<Step> {
    const { clock, observe, isDestination, settings } = this.#deps;
    const attempt = afterFailure(before, outcome, clock());
    await this.#record(message, attempt);
    if (isDestination) await this.#mode.failed(epoch, message.groupId);
    const { mode } = this.#mode.own;
    if (mode === 'normal' && clock() - attempt.firstFailedAt >= settings.parkAfter) {
      const time = ms(settings.parkAfter, { long: true });
      return this.#park(message, `it has failed for ${time}: ${outcome.reason}`, attempt);
    }
    const delay = this.#wait(attempt.failures, outcome.retryAfter);
    observe({ type: 'retry', message, reason: outcome.reason, delay });
    return { kind: 'halted', delay };
  }

  /** To try again would not help. It says nothing about the stage, so that it is not counted. */
  async #refused(message: IncomingMessage, attempt: Attempt, reason: string): Promise<Step> {
    return this.#park(message, `AWS does not take it: ${reason}`, { ...attempt, lastError: reason });
  }

  async #park(
    message: IncomingMessage,
    reason: string,
    attempt: Attempt | undefined,
    counted = false,
  ): Promise<Step> {
    await park(message, { sort: sortOf(message), reason, attempt, counted }, this.#deps);
    this.#head = 'made';
    return { kind: 'finished' };
  }

  #stopped(message: IncomingMessage): Step {
    this.#deps.observe({ type: 'stopped', message });
    return { kind: 'halted', delay: 0 };
  }

  /** Not the message's doing: its failures stay as they are, and the wait grows with its deliveries. */
  #fault(message: IncomingMessage, reason: string): Step {
    const delay = this.#wait(message.receiveCount);
    this.#deps.observe({ type: 'fault', message, reason, delay });
    return { kind: 'halted', delay };
  }

  /** A record that cannot be written costs a duplicate (lost progress) or a wrong charge, never an event. */
  async #record(message: IncomingMessage, attempt: Attempt): Promise<void> {
    try {
      await this.#deps.state.saveAttempt(this.#deps.stage, message.id, attempt);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      this.#deps.observe({ type: 'setback', step: 'ledger', error });
    }
  }

  #wait(tries: number, retryAfter?: number): number {
    return toSeconds(backoff(tries, this.#deps.backoff, this.#deps.random, retryAfter));
  }

  #site(message: IncomingMessage): CrashSite {
    return { message, codeVersion: this.#deps.codeVersion, at: this.#deps.clock() };
  }
}
