/**
 * Runs a batch of a FIFO queue through a stage. It serves the router and the destinations alike.
 *
 * Ordering guarantees
 * - Messages of a group run one after another, in the queue's order. After the first that is not done, the group's
 *   later messages are not begun: they go back with it, and SQS hands them out again in the same order.
 * - A done message is deleted before the next of its group begins, so that a crash in between cannot deliver an earlier
 *   event again after a later one.
 * - Groups run beside each other, unless the batch holds a redelivered message: then one after another, those without
 *   a redelivered message first. What kills the process must be found alone, and its neighbours be done by then.
 *
 * A batch is refused, with nothing begun and nothing charged, while the stage is shut or its state cannot be read.
 */
import { afterFailure, withProgress } from './attempts.ts';
import { backoff, refusalDelay, toSeconds, type BackoffLimits } from './backoff.ts';
import { isShut } from './mode.ts';
import type { Outcome, Process } from './outcome.ts';
import {
  InfraFault,
  type Attempt,
  type Clock,
  type IncomingMessage,
  type Random,
  type StageQueue,
  type StateStore,
} from './ports.ts';

/** What happened, for logs and metrics. */
export type RunnerEvent =
  | {
      readonly type: 'refused';
      readonly reason: 'shut' | 'state unreadable';
      readonly messages: number;
      readonly error?: unknown;
    }
  | {
      readonly type: 'retry' | 'fault';
      readonly message: IncomingMessage;
      readonly reason: string;
      readonly delay: number;
    }
  | {
      readonly type: 'crash';
      readonly message: IncomingMessage;
      readonly error: unknown;
      readonly delay: number;
    }
  | { readonly type: 'stopped'; readonly message: IncomingMessage }
  /** Something failed whose failure costs a duplicate or a delay, never an event. */
  | { readonly type: 'setback'; readonly step: 'visibility' | 'delete' | 'ledger'; readonly error: unknown };

export interface RunnerDeps {
  readonly stage: string;
  readonly state: StateStore;
  readonly queue: StageQueue;
  readonly process: Process;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffLimits;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
  /** Milliseconds that the longest step of a message can take; no message is begun with less. */
  readonly worstCase: number;
  readonly observe: (event: RunnerEvent) => void;
}

/** @returns ids of the messages that the queue must keep */
export const runBatch = async (
  messages: readonly IncomingMessage[],
  deps: RunnerDeps,
): Promise<readonly string[]> => {
  const redelivered = messages.filter(({ receiveCount }) => receiveCount > 1).map(({ id }) => id);
  let state;
  try {
    state = await deps.state.read(deps.stage, redelivered);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    return refuse(messages, deps, { reason: 'state unreadable', error });
  }
  if (isShut(state.modes)) return refuse(messages, deps, { reason: 'shut' });

  const run = (group: readonly IncomingMessage[]) => new GroupRun(group, state.attempts, deps).run();
  const groups = byGroup(messages);
  if (redelivered.length === 0) return (await Promise.all(groups.map(run))).flat();
  const isFresh = (group: readonly IncomingMessage[]) =>
    group.every(({ receiveCount }) => receiveCount === 1);
  const failed: string[] = [];
  for (const group of [...groups.filter(isFresh), ...groups.filter((group) => !isFresh(group))]) {
    failed.push(...(await run(group)));
  }
  return failed;
};

const byGroup = (messages: readonly IncomingMessage[]): readonly (readonly IncomingMessage[])[] => {
  const groups = new Map<string, IncomingMessage[]>();
  for (const message of messages) {
    const group = groups.get(message.groupId);
    if (group === undefined) groups.set(message.groupId, [message]);
    else group.push(message);
  }
  return [...groups.values()];
};

const refuse = async (
  messages: readonly IncomingMessage[],
  deps: RunnerDeps,
  why: { reason: 'shut' | 'state unreadable'; error?: unknown },
): Promise<readonly string[]> => {
  deps.observe({ type: 'refused', messages: messages.length, ...why });
  // One delay for all: the longest, so that the head of no group comes back after its followers.
  const delay = refusalDelay(Math.max(...messages.map(({ receiveCount }) => receiveCount)));
  await hide(messages, delay, deps);
  return messages.map(({ id }) => id);
};

/** If it fails, the messages come back after the queue's own visibility timeout: later, but in order. */
const hide = async (
  messages: readonly IncomingMessage[],
  seconds: number,
  deps: RunnerDeps,
): Promise<void> => {
  try {
    await deps.queue.setVisibility(messages, seconds);
  } catch (error) {
    deps.observe({ type: 'setback', step: 'visibility', error });
  }
};

/** The messages of one group, in order, up to the first that is not done. */
class GroupRun {
  readonly #messages: readonly IncomingMessage[];
  readonly #attempts: ReadonlyMap<string, Attempt>;
  readonly #deps: RunnerDeps;

  constructor(
    messages: readonly IncomingMessage[],
    attempts: ReadonlyMap<string, Attempt>,
    deps: RunnerDeps,
  ) {
    this.#messages = messages;
    this.#attempts = attempts;
    this.#deps = deps;
  }

  async run(): Promise<readonly string[]> {
    for (const [i, message] of this.#messages.entries()) {
      const rest = this.#messages.slice(i);
      const outcome = await this.#attempt(message);
      if (outcome.kind !== 'done') {
        await this.#putBack(message, rest, outcome);
        return rest.map(({ id }) => id);
      }
      const later = rest.slice(1);
      if ((later.length > 0 || message.receiveCount > 1) && !(await this.#delete(message))) {
        // The batch's response deletes it; until then the next must not begin.
        await hide(later, 0, this.#deps);
        return later.map(({ id }) => id);
      }
    }
    return [];
  }

  async #attempt(message: IncomingMessage): Promise<Outcome | { kind: 'crash'; error: unknown }> {
    const { process, timeLeft, worstCase } = this.#deps;
    if (timeLeft() < worstCase) return { kind: 'stopped' };
    try {
      return await process(message, { attempt: this.#attempts.get(message.id), timeLeft });
    } catch (error) {
      if (error instanceof InfraFault) return { kind: 'fault', reason: error.message };
      return { kind: 'crash', error };
    }
  }

  async #putBack(
    message: IncomingMessage,
    rest: readonly IncomingMessage[],
    outcome: Exclude<Outcome, { kind: 'done' }> | { kind: 'crash'; error: unknown },
  ): Promise<void> {
    const { observe, random, clock } = this.#deps;
    const before = this.#attempts.get(message.id);
    const wait = (tries: number, retryAfter?: number) =>
      toSeconds(backoff(tries, this.#deps.backoff, random, retryAfter));
    let delay = 0;
    let attempt: Attempt | undefined;
    switch (outcome.kind) {
      case 'stopped':
        observe({ type: 'stopped', message });
        if (outcome.progress !== undefined) attempt = withProgress(before, outcome.progress);
        break;
      case 'fault':
        // Not the message's doing: its failures stay as they are, and the wait grows with its deliveries.
        delay = wait(message.receiveCount);
        observe({ type: 'fault', message, reason: outcome.reason, delay });
        if (outcome.progress !== undefined) attempt = withProgress(before, outcome.progress);
        break;
      case 'retry':
        attempt = afterFailure(before, outcome, clock());
        delay = wait(attempt.failures, outcome.retryAfter);
        observe({ type: 'retry', message, reason: outcome.reason, delay });
        break;
      case 'crash':
        attempt = afterFailure(before, { reason: String(outcome.error) }, clock());
        delay = wait(attempt.failures);
        observe({ type: 'crash', message, error: outcome.error, delay });
        break;
    }
    if (attempt !== undefined) await this.#record(message, attempt);
    await hide(rest, delay, this.#deps);
  }

  /** A record that cannot be written costs a duplicate (lost progress) or a shorter backoff, never an event. */
  async #record(message: IncomingMessage, attempt: Attempt): Promise<void> {
    try {
      await this.#deps.state.saveAttempt(this.#deps.stage, message.id, attempt);
    } catch (error) {
      this.#deps.observe({ type: 'setback', step: 'ledger', error });
    }
  }

  async #delete(message: IncomingMessage): Promise<boolean> {
    try {
      await this.#deps.queue.delete(message);
      return true;
    } catch (error) {
      this.#deps.observe({ type: 'setback', step: 'delete', error });
      return false;
    }
  }
}
