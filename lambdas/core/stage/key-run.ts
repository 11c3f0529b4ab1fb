/** The messages of one key in a batch, in order, up to the first that must be kept by the queue: `parking.ts` has the steps. */
import ms from 'ms';
import type { Ended, KnownMode } from './known-mode.ts';
import { park, sortOf, tooOften, touchHead } from './parking.ts';
import { AccessFault, InfraFault } from '../base/faults.ts';
import type { Attempt, StageState } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { QueueAttempts, type Halted } from './queue-attempt.ts';
import { deleteMessage, hide } from './queue-steps.ts';
import type { RunnerDeps } from './runner-deps.ts';

/** What the queue must keep of a key. */
export interface Kept {
  readonly messages: readonly IncomingMessage[];
  /** They were not begun because the stage is shut: the batch puts them off. */
  readonly refused: boolean;
}

type Step =
  /** The queue must delete it. `ended`: it was processed; `ledger`: see `Attempted`. */
  | { readonly kind: 'finished'; readonly ended?: Ended; readonly ledger?: Attempt }
  | Halted
  | { readonly kind: 'refused' };

/** How a message's key is known to be parked: its head was read with the batch, or this run has made it. */
type Head = 'none' | 'read' | 'made';

export class KeyRun {
  readonly #messages: readonly IncomingMessage[];
  readonly #attempts: QueueAttempts;
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
    this.#attempts = new QueueAttempts(state.attempts, mode, deps);
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
      if (!isDeleted && step.ledger !== undefined) await this.#attempts.record(message, step.ledger);
      if (step.ended !== undefined) await this.#mode.ended(step.ended);
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
      if (error instanceof AccessFault) await this.#refused(message, error);
      return this.#attempts.fault(message, error.message);
    }
  }

  /** AWS does not let us read or park: no attempt was needed to see that the stage does not work. */
  async #refused({ groupId: key }: IncomingMessage, { message: reason }: AccessFault): Promise<void> {
    const outcome = { kind: 'fault', reason, access: true } as const;
    const at = this.#deps.clock();
    await this.#mode.ended({ epoch: this.#mode.own.epoch, at, key, outcome, inOwnTrouble: false });
  }

  async #step(message: IncomingMessage): Promise<Step> {
    const { stage, parking, timeLeft, worstCase } = this.#deps;
    const reason = this.#reasonToPark(message);
    if (reason === undefined && this.#mode.isShut) return { kind: 'refused' };
    if (timeLeft() < worstCase) return this.#attempts.stopped(message);
    const attempt = this.#attempts.known(message);
    if (message.receiveCount > 1 && (await parking.hasMessage(stage, message.groupId, sortOf(message)))) {
      const first = attempt?.crash?.error ?? 'it was parked by a delivery that was cut short';
      await touchHead(message.groupId, first, this.#deps);
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
      case 'refused':
        return attempted;
    }
  }

  /** Without an attempt. A shut stage leaves in the queue what it need not park. */
  #reasonToPark(message: IncomingMessage): string | undefined {
    const { spillAfter } = this.#deps.settings;
    const { own, isShut } = this.#mode;
    if (this.#head === 'made' || (this.#head === 'read' && !isShut)) return 'its key is parked';
    const receivedTooOften = tooOften(message);
    if (receivedTooOften !== undefined) return receivedTooOften;
    if (this.#deps.clock() - message.sentAt >= spillAfter)
      return `it has been in the queue for ${ms(spillAfter, { long: true })}`;
    return isShut && own.spill ? 'the stage has not been forwarding for too long' : undefined;
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
}
