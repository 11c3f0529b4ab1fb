/**
 * Takes in what SQS's own redrive policy has moved to the stage's dead-letter queue: it is counted and parked like any
 * redriven message, so that its key's later messages wait behind it. It runs in every mode, since it only parks; in
 * degraded mode the mode machine counts nothing.
 */
import { settled } from './attempt-ledger.ts';
import { refusalDelay } from './backoff.ts';
import { deadLetterCrash } from './crash.ts';
import type { ModeRecord } from '../mode/record.ts';
import { asOwnTrouble, isOwnTrouble } from './own-trouble.ts';
import { deadLetterSortOf, park } from './parking.ts';
import { InfraFault } from '../base/faults.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { StageState } from './ports.ts';
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
  | 'progressNote'
  | 'settings'
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
    const { clock, codeVersion, progressNote, settings, note, observe } = this.#deps;
    const known = this.#attempts.get(message.id);
    const now = clock();
    const crash = deadLetterCrash(known, message.receiveCount, { message, codeVersion, at: now });
    const { epoch } = this.#mode;
    const processed = progressNote.processed(now);
    this.#mode = await note({ type: 'redriven', epoch, messageId: message.id, crash, processed });
    progressNote.redriven();
    observe({ type: 'redriven', message, crash });
    const attempt = { ...settled(known ?? { failures: 0 }), crash };
    const isOwn = isOwnTrouble(attempt, true, this.#mode, now, settings);
    const reason = isOwn ? asOwnTrouble(crash.error) : crash.error;
    await park(message, { sort: deadLetterSortOf(message), reason, counted: true, attempt }, this.#deps);
  }
}

const putOff = async (messages: readonly IncomingMessage[], deps: IntakeDeps): Promise<number> => {
  const delay = refusalDelay(1);
  await hide(messages, delay, deps);
  return delay;
};
