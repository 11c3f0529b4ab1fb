/** The messages of one key in a batch, in order, up to the first that must be kept by the queue: `parking.ts` has the steps. */
import ms from 'ms';
import { HIDES_OTHERS } from './crowding.ts';
import { Halts, type Halted } from './halts.ts';
import type { Ended, KnownMode } from './known-mode.ts';
import { park, sortOf, tooOften, touchHead } from './parking.ts';
import { AccessFault, InfraFault } from '../base/faults.ts';
import type { Attempt, StageState } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { QueueAttempts, type Attempted } from './queue-attempt.ts';
import { deleteMessage, changeVisibility } from './queue-steps.ts';
import type { WorkDeps } from './runner-deps.ts';
import type { Unit } from './unit.ts';

/** What the queue must keep of a key. */
export interface Kept {
  readonly messages: readonly IncomingMessage[];
  /** They were not begun because the stage is blocked: the batch defers them. */
  readonly deferred: boolean;
}

type Step =
  /** The queue must delete the first of the messages, as many as `done` says. `ended`: they were processed; the others: see `Attempted`. */
  | {
      readonly kind: 'finished';
      readonly done: number;
      readonly ended?: Ended;
      readonly ledger?: Attempt;
      readonly next?: () => Promise<Attempted>;
    }
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
    let rest = this.#messages;
    let next: (() => Promise<Attempted>) | undefined;
    for (let [message] = rest; message !== undefined; [message] = rest) {
      const step = await this.#handle([message, ...rest.slice(1)], next);
      if (step.kind === 'deferred') return { messages: rest, deferred: true };
      if (step.kind === 'halted') {
        await changeVisibility(rest, step.delay, this.#deps.ports);
        return { messages: rest, deferred: false };
      }
      const finished = rest.slice(0, step.done);
      rest = rest.slice(step.done);
      ({ next } = step);
      const { ended } = step;
      if (ended !== undefined && this.#isDeletedLater(message)) {
        this.#done = [...this.#done, message];
        await this.#mode.ended(ended);
        continue;
      }
      // The batch's response deletes the last one.
      const isLast = rest.length === 0 && message.receiveCount === 1;
      const isDeleted = await this.#deleteAll(isLast ? finished.slice(0, -1) : finished);
      if (!isDeleted && step.ledger !== undefined) await this.#attempts.record(message, step.ledger);
      if (ended !== undefined) await this.#mode.ended(ended);
      if (!isDeleted) {
        // The batch's response does it; until then the next must not begin.
        await changeVisibility(rest, 0, this.#deps.ports);
        return { messages: rest, deferred: false };
      }
    }
    return { messages: [], deferred: false };
  }

  /** One after another, so that a death in between leaves the later ones. @returns whether they are known to be deleted */
  async #deleteAll(messages: readonly IncomingMessage[]): Promise<boolean> {
    if (messages.length > 0 && !(await this.#deleteDone())) return false;
    for (const message of messages) if (!(await deleteMessage(message, this.#deps.ports))) return false;
    return true;
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

  /** @param next what is left to record of the first, if it was tried already */
  async #handle(rest: Unit<IncomingMessage>, next: (() => Promise<Attempted>) | undefined): Promise<Step> {
    const [message] = rest;
    try {
      return await (next === undefined ? this.#step(rest) : this.#after(message, await next()));
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

  async #step([message, ...later]: Unit<IncomingMessage>): Promise<Step> {
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
      return { kind: 'finished', done: 1 };
    }
    if (reason !== undefined) return this.#park(message, reason, attempt);
    return this.#after(message, await this.#attempts.attempt(this.#unit(message, later)));
  }

  /** As many of the next messages as are at their first delivery, and have no reason to be parked. */
  #unit(message: IncomingMessage, later: readonly IncomingMessage[]): Unit<IncomingMessage> {
    if (this.#deps.ports.process.unit === undefined || message.receiveCount > 1) return [message];
    const isAlone = (one: IncomingMessage) => one.receiveCount > 1 || this.#reasonToPark(one) !== undefined;
    const end = later.findIndex(isAlone);
    return [message, ...(end === -1 ? later : later.slice(0, end))];
  }

  #after(message: IncomingMessage, attempted: Attempted): Step | Promise<Step> {
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
    return { kind: 'finished', done: 1 };
  }
}
