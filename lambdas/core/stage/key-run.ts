/** The messages of one key in a batch, in order, up to the first that must be kept by the queue: `parking.ts` has the steps. */
import ms from 'ms';
import { HIDES_OTHERS } from './crowding.ts';
import { Halts, type Halted } from './halts.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import { park, sortOf, tooOften, touchHead } from './parking.ts';
import { AccessFault, InfraFault } from '../base/faults.ts';
import type { Attempt, StageState } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { QueueAttempts } from './queue-attempt.ts';
import { deleteMessage, changeVisibility } from './queue-steps.ts';
import type { WorkDeps } from './runner-deps.ts';

/** What the queue must keep of a key. */
export interface Kept {
  readonly messages: readonly IncomingMessage[];
  /** They were not begun because the stage is blocked: the batch defers them. */
  readonly deferred: boolean;
}

type Step =
  /** The queue must delete it. `ended`: it was processed; `ledger`: see `Attempted`. */
  | { readonly kind: 'finished'; readonly ended?: Ended; readonly ledger?: Attempt }
  | Halted
  | { readonly kind: 'deferred' };

/** How a message's key is known to be parked: its head was read with the batch, or this run has made it. */
type Head = 'none' | 'read' | 'made';

export class KeyRun {
  readonly #messages: readonly IncomingMessage[];
  readonly #attempts: QueueAttempts;
  readonly #halts: Halts;
  readonly #mode: KnownMode;
  readonly #deps: WorkDeps;
  /** Decided once for the batch: a key is parked from its first message on. */
  readonly #hidesOthers: boolean;
  #head: Head;
  /** Done at their first delivery, and not deleted: the batch's response does it, or `#deleteDone`. Oldest first. */
  #done: readonly IncomingMessage[] = [];

  /** @param messages of one key, at least one */
  constructor(
    key: string,
    messages: readonly IncomingMessage[],
    state: Pick<StageState, 'parked' | 'attempts'>,
    mode: KnownMode,
    deps: WorkDeps,
  ) {
    this.#messages = messages;
    this.#halts = new Halts(mode, deps);
    this.#attempts = new QueueAttempts(state.attempts, mode, this.#halts, deps);
    this.#mode = mode;
    this.#deps = deps;
    this.#head = state.parked.has(key) ? 'read' : 'none';
    this.#hidesOthers = deps.ports.hidesOthers(messages);
  }

  async run(): Promise<Kept> {
    for (const [i, message] of this.#messages.entries()) {
      const rest = this.#messages.slice(i);
      const step = await this.#handle(message);
      if (step.kind === 'deferred') return { messages: rest, deferred: true };
      if (step.kind === 'halted') {
        await changeVisibility(rest, step.delay, this.#deps.ports);
        return { messages: rest, deferred: false };
      }
      const later = rest.slice(1);
      const { ended } = step;
      if (ended !== undefined && this.#isDeletedLater(message)) {
        this.#done = [...this.#done, message];
        await this.#mode.ended(ended);
        continue;
      }
      const mustDelete = later.length > 0 || message.receiveCount > 1;
      const isDeleted =
        !mustDelete || ((await this.#deleteDone()) && (await deleteMessage(message, this.#deps.ports)));
      if (!isDeleted && step.ledger !== undefined) await this.#attempts.record(message, step.ledger);
      if (ended !== undefined) await this.#mode.ended(ended);
      if (!isDeleted) {
        // The batch's response deletes it; until then the next must not begin.
        await changeVisibility(later, 0, this.#deps.ports);
        return { messages: later, deferred: false };
      }
    }
    return { messages: [], deferred: false };
  }

  #isDeletedLater({ receiveCount }: IncomingMessage): boolean {
    return this.#deps.ports.process.isRepeatable === true && receiveCount === 1;
  }

  /**
   * Before a later message of the key leaves the queue: what comes back must come back with all that was done after it.
   * @returns whether they are known to be deleted
   */
  async #deleteDone(): Promise<boolean> {
    for (const message of this.#done) {
      if (!(await deleteMessage(message, this.#deps.ports))) return false;
      this.#done = this.#done.slice(1);
    }
    return true;
  }

  async #handle(message: IncomingMessage): Promise<Step> {
    try {
      return await this.#step(message);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      if (error instanceof AccessFault) await this.#refused(message, error);
      return this.#halts.fault(message, error.message);
    }
  }

  /** AWS does not let us read or park: no attempt was needed to see that the stage does not work. */
  async #refused({ groupId: key }: IncomingMessage, { message: reason }: AccessFault): Promise<void> {
    const outcome = { kind: 'fault', reason, access: true } as const;
    const at = this.#deps.time.clock();
    await this.#mode.ended({ epoch: this.#mode.own.epoch, at, key, outcome, inOwnTrouble: false });
  }

  async #step(message: IncomingMessage): Promise<Step> {
    const { stage, ports, time } = this.#deps;
    const reason = this.#reasonToPark(message);
    if (reason === undefined && this.#mode.isBlocked) return { kind: 'deferred' };
    if (time.timeLeft() < time.worstCase) return this.#halts.stopped(message);
    const attempt = this.#attempts.known(message);
    const { groupId: key, receiveCount } = message;
    if (receiveCount > 1 && (await ports.parking.hasMessage(stage.name, key, sortOf(message)))) {
      const first = attempt?.crash?.error ?? 'it was parked by a delivery that was cut short';
      await touchHead(key, first, this.#deps);
      this.#head = 'made';
      return { kind: 'finished' };
    }
    if (reason !== undefined) return this.#park(message, reason, attempt);
    const attempted = await this.#attempts.attempt(message);
    switch (attempted.kind) {
      case 'done':
        return { ...attempted, kind: 'finished' };
      case 'park':
        return this.#park(message, attempted.reason, attempted.attempt, attempted.counted);
      case 'halted':
      case 'deferred':
        return attempted;
    }
  }

  /** Without an attempt. A blocked stage leaves in the queue what it need not park. */
  #reasonToPark(message: IncomingMessage): string | undefined {
    const { spillAfter } = this.#deps.settings;
    const { own, isBlocked } = this.#mode;
    if (this.#head === 'made' || (this.#head === 'read' && !isBlocked)) return 'its key is parked';
    const receivedTooOften = tooOften(message);
    if (receivedTooOften !== undefined) return receivedTooOften;
    if (this.#deps.time.clock() - message.sentAt >= spillAfter)
      return `it has been in the queue for ${ms(spillAfter, { long: true })}`;
    if (isBlocked) return own.spill ? 'the stage has not been forwarding for too long' : undefined;
    // While a stage recovers, everybody is late.
    return own.mode === 'normal' && this.#hidesOthers ? HIDES_OTHERS : undefined;
  }

  async #park(
    message: IncomingMessage,
    reason: string,
    attempt: Attempt | undefined,
    counted = false,
  ): Promise<Step> {
    if (!(await this.#deleteDone())) return { kind: 'halted', delay: 0 };
    await park(message, { sort: sortOf(message), reason, attempt, counted }, this.#deps);
    this.#head = 'made';
    return { kind: 'finished' };
  }
}
