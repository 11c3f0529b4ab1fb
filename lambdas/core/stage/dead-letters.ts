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
import { byKey, deleteMessage, changeVisibility } from './queue-steps.ts';
import type { RunnerDeps, RunnerPorts } from './runner-deps.ts';

/** @param deps whose queue is the dead-letter queue @returns ids of the messages that it must keep */
export const takeInDeadLetters = async (
  messages: readonly IncomingMessage[],
  deps: RunnerDeps,
): Promise<readonly string[]> => {
  let state: StageState;
  try {
    state = await deps.ports.state.read(deps.stage.name, {
      keys: [],
      attemptsOf: messages.map(({ id }) => id),
    });
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.ports.observe({ type: 'deferred', messages: messages.length, reason: 'state unreadable', error });
    await putOff(messages, deps.ports);
    return messages.map(({ id }) => id);
  }
  const consumer = new DeadLetterConsumer(state, deps);
  const kept: IncomingMessage[] = [];
  for (const own of byKey(messages).values()) kept.push(...(await consumer.takeIn(own)));
  return kept.map(({ id }) => id);
};

class DeadLetterConsumer {
  readonly #attempts: StageState['attempts'];
  readonly #deps: RunnerDeps;
  #mode: ModeRecord;

  constructor(state: StageState, deps: RunnerDeps) {
    this.#attempts = state.attempts;
    this.#mode = state.own;
    this.#deps = deps;
  }

  /** The messages of one key, the oldest first, up to the first that fails. @returns what the queue must keep */
  async takeIn(messages: readonly IncomingMessage[]): Promise<readonly IncomingMessage[]> {
    const { ports, time } = this.#deps;
    for (const [i, message] of messages.entries()) {
      const rest = messages.slice(i);
      if (time.timeLeft() < time.worstCase) {
        ports.observe({ type: 'stopped', message });
        return rest;
      }
      try {
        await this.#park(message);
      } catch (error) {
        if (!(error instanceof InfraFault)) throw error;
        const delay = await putOff(rest, ports);
        ports.observe({ type: 'fault', message, reason: error.message, delay });
        return rest;
      }
      // If that fails it is redelivered, and parked again; but none of its key may be parked in between.
      if (!(await deleteMessage(message, ports))) return rest.slice(1);
    }
    return [];
  }

  async #park(message: IncomingMessage): Promise<void> {
    const { stage, ports, time, settings } = this.#deps;
    const { note, progressNote } = this.#deps.mode;
    const known = this.#attempts.get(message.id);
    const now = time.clock();
    const site = { message, codeVersion: stage.codeVersion, at: now };
    const crash = deadLetterCrash(known, message.receiveCount, site);
    const { epoch } = this.#mode;
    const processed = progressNote.processed(now);
    this.#mode = await note({ type: 'redriven', epoch, messageId: message.id, crash, processed });
    progressNote.redriven();
    ports.observe({ type: 'redriven', message, crash });
    const attempt = { ...settled(known ?? { failures: 0 }), crash };
    const isOwn = isOwnTrouble(attempt, true, this.#mode, now, settings);
    const reason = isOwn ? asOwnTrouble(crash.error) : crash.error;
    // A batch that has read that the key has no head is over by then.
    const restsUntil = time.clock() + time.functionTime;
    const place = { sort: deadLetterSortOf(message), reason, counted: true, attempt, restsUntil };
    await park(message, place, this.#deps);
  }
}

const putOff = async (messages: readonly IncomingMessage[], ports: RunnerPorts): Promise<number> => {
  const delay = refusalDelay(1);
  await changeVisibility(messages, delay, ports);
  return delay;
};
