/** Messages of the queue that a trial has received: they are given back, unless they were finished. */
import { allDone } from '../base/all-done.ts';
import { toSeconds } from './backoff.ts';
import { CALL_MARGIN } from '../base/limits.ts';
import { park, sortOf, touchHead } from './parking.ts';
import { InfraFault } from '../base/faults.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { byKey, deleteMessage, changeVisibility } from './queue-steps.ts';
import type { RunnerDeps } from './runner-deps.ts';

export type ReceivedDeps = Pick<RunnerDeps, 'stage' | 'ports' | 'time'>;

/** Calls of the queue, of up to 10 messages each. */
const MAX_CALLS = 40;
/** By how much the messages are hidden for longer than the function can live, milliseconds. */
const MARGIN = 10_000;

export class Received {
  readonly #deps: ReceivedDeps;
  readonly #messages: IncomingMessage[] = [];
  readonly #finished = new Set<IncomingMessage>();

  constructor(deps: ReceivedDeps) {
    this.#deps = deps;
  }

  /** By key, in the queue's order: what was received and is not finished. */
  get byKey(): ReadonlyMap<string, readonly IncomingMessage[]> {
    return byKey(this.#messages.filter((message) => !this.#finished.has(message)));
  }

  /**
   * Receives until nothing comes, or a third of the function's time is used, or what is left is needed for the first attempt. What AWS
   * does not give is left for the next trial: of the parked keys this one can try as well.
   */
  async receive(): Promise<void> {
    const { timeLeft, worstCase } = this.#deps.time;
    const { queue, observe } = this.#deps.ports;
    const least = Math.max((timeLeft() * 2) / 3, worstCase + CALL_MARGIN);
    try {
      for (let calls = 0; calls === 0 || (calls < MAX_CALLS && timeLeft() > least); calls++) {
        const messages = await queue.receive(toSeconds(timeLeft() + MARGIN));
        if (messages.length === 0) return;
        this.#messages.push(...messages);
      }
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      observe({ type: 'trial stopped', error });
    }
  }

  finished(message: IncomingMessage): void {
    this.#finished.add(message);
  }

  /** Parks a key's first message, which was received too often. @throws InfraFault */
  async park(message: IncomingMessage, reason: string, attempt: Attempt | undefined): Promise<void> {
    const { stage, ports, time } = this.#deps;
    if (time.timeLeft() < time.worstCase) return;
    const sort = sortOf(message);
    if (await ports.parking.hasMessage(stage.name, message.groupId, sort))
      await touchHead(message.groupId, reason, this.#deps);
    else await park(message, { sort, reason, attempt, counted: false }, this.#deps);
    if (await deleteMessage(message, this.#deps.ports)) this.finished(message);
  }

  /** The messages of a key in one call: SQS hands out a later one only after those before it. */
  async giveBack(): Promise<void> {
    await allDone(
      [...this.byKey.values()].map((messages) => changeVisibility(messages, 0, this.#deps.ports)),
    );
  }
}
