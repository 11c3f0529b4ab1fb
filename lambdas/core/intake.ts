/**
 * Takes in what SQS's own redrive policy has moved to the stage's dead-letter queue: it is counted and parked like any
 * redriven message, so that its key's later messages wait behind it. It runs in every mode, since it only parks; in
 * degraded mode the mode machine counts nothing.
 */
import { refusalDelay } from './backoff.ts';
import { deadLetterCrash } from './crash.ts';
import type { ModeRecord } from './mode.ts';
import { deadLetterSortOf, park } from './parking.ts';
import { InfraFault, type IncomingMessage, type StageState } from './ports.ts';
import { byKey, deleteMessage, hide } from './queue-steps.ts';
import type { RunnerDeps } from './runner-deps.ts';

/** `queue` is the dead-letter queue here. */
export type IntakeDeps = Pick<
  RunnerDeps,
  | 'stage'
  | 'codeVersion'
  | 'state'
  | 'parking'
  | 'queue'
  | 'note'
  | 'clock'
  | 'uuid'
  | 'timeLeft'
  | 'worstCase'
  | 'observe'
>;

/** @returns ids of the messages that the dead-letter queue must keep */
export const takeInDeadLetters = async (
  messages: readonly IncomingMessage[],
  deps: IntakeDeps,
): Promise<readonly string[]> => {
  let state: StageState;
  try {
    state = await deps.state.read(deps.stage, { keys: [], attemptsOf: messages.map(({ id }) => id) });
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.observe({ type: 'refused', messages: messages.length, reason: 'state unreadable', error });
    await putOff(messages, deps);
    return messages.map(({ id }) => id);
  }
  const intake = new Intake(state, deps);
  const kept: IncomingMessage[] = [];
  for (const own of byKey(messages).values()) kept.push(...(await intake.takeIn(own)));
  return kept.map(({ id }) => id);
};

class Intake {
  readonly #attempts: StageState['attempts'];
  readonly #deps: IntakeDeps;
  #mode: ModeRecord;

  constructor(state: StageState, deps: IntakeDeps) {
    this.#attempts = state.attempts;
    this.#mode = state.own;
    this.#deps = deps;
  }

  /** The messages of one key, the oldest first, up to the first that fails. @returns what the queue must keep */
  async takeIn(messages: readonly IncomingMessage[]): Promise<readonly IncomingMessage[]> {
    const { observe, timeLeft, worstCase } = this.#deps;
    for (const [i, message] of messages.entries()) {
      const rest = messages.slice(i);
      if (timeLeft() < worstCase) {
        observe({ type: 'stopped', message });
        return rest;
      }
      try {
        await this.#park(message);
      } catch (error) {
        if (!(error instanceof InfraFault)) throw error;
        const delay = await putOff(rest, this.#deps);
        observe({ type: 'fault', message, reason: error.message, delay });
        return rest;
      }
      // If that fails it comes again, and is parked again; but none of its key may be parked in between.
      if (!(await deleteMessage(message, this.#deps))) return rest.slice(1);
    }
    return [];
  }

  async #park(message: IncomingMessage): Promise<void> {
    const { clock, codeVersion, note, observe } = this.#deps;
    const attempt = this.#attempts.get(message.id);
    const crash = deadLetterCrash(attempt, message.receiveCount, { message, codeVersion, at: clock() });
    this.#mode = await note({ type: 'redriven', epoch: this.#mode.epoch, messageId: message.id, crash });
    observe({ type: 'redriven', message, crash });
    const place = { sort: deadLetterSortOf(message), reason: crash.error, counted: true };
    await park(message, { ...place, attempt: { failures: 0, ...attempt, crash } }, this.#deps);
  }
}

const putOff = async (messages: readonly IncomingMessage[], deps: IntakeDeps): Promise<number> => {
  const delay = refusalDelay(1);
  await hide(messages, delay, deps);
  return delay;
};
