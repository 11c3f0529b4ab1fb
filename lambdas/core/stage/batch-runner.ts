/**
 * Runs a batch of a FIFO queue through a stage. It serves the router and the destinations alike.
 *
 * Ordering guarantees
 * - Messages of a key run one after another, in the queue's order. After the first that is neither done nor parked, the
 *   key's later messages are not begun: they go back with it, and SQS hands them out again in the same order.
 * - A finished message is deleted before the next of its key begins, so that a death in between cannot deliver an earlier
 *   event again after a later one. A stage whose work may be repeated, the router, deletes a key's messages together: then they
 *   all come back, and are done again in order, to the last of them.
 * - Where a request takes the events of several messages, those of a key that are at their first delivery are worked on as one.
 * - Keys run in parallel, unless the batch holds a redelivered message: then one after another, so that whatever
 *   kills the process is found alone. What is least likely to kill it comes first, and is done by then.
 *
 * What is done with the messages of a key is the parking protocol's: see `parking.ts`.
 *
 * A batch is deferred, with nothing begun, charged or deleted, while the stage is blocked or its state cannot be read; but a
 * blocked stage parks what SQS would delete before long.
 */
import { allDone } from '../base/all-done.ts';
import { refusalDelay } from './backoff.ts';
import { KeyRun, type Kept } from './key-run.ts';
import { KnownMode } from './known-mode.ts';
import { InfraFault } from '../base/faults.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { StageState } from './ports.ts';
import { byKey, changeVisibility } from './queue-steps.ts';
import type { RunnerDeps } from './runner-deps.ts';

/** @returns ids of the messages that the queue must keep */
export const runBatch = async (
  messages: readonly IncomingMessage[],
  deps: RunnerDeps,
): Promise<readonly string[]> => {
  const keys = byKey(messages);
  const redelivered = messages.filter(({ receiveCount }) => receiveCount > 1).map(({ id }) => id);
  let state: StageState;
  try {
    state = await deps.ports.state.read(deps.stage.name, { keys: [...keys.keys()], attemptsOf: redelivered });
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    await defer(messages, deps, { reason: 'state unreadable', error });
    return messages.map(({ id }) => id);
  }
  const mode = new KnownMode(state, deps);
  await mode.catchUp();
  await mode.invoked();
  const ranked = [...keys].sort(([, a], [, b]) => suspicion(a, state) - suspicion(b, state));
  const runs = ranked.map(([key, own]) => new KeyRun(key, own, state, mode, deps));
  const kept = await (redelivered.length === 0 ? allDone(runs.map((run) => run.run())) : inTurn(runs));

  const deferred = kept.filter(({ deferred }) => deferred).flatMap((key) => key.messages);
  if (deferred.length > 0) await defer(deferred, deps, { reason: 'blocked' });
  return kept.flatMap((key) => key.messages.map(({ id }) => id));
};

/** How likely a key is to end the process: 0 at its first delivery; then by how often a message of it was charged. */
const suspicion = (messages: readonly IncomingMessage[], { attempts }: StageState): number => {
  if (messages.every(({ receiveCount }) => receiveCount === 1)) return 0;
  return 1 + Math.max(...messages.map(({ id }) => attempts.get(id)?.charges ?? 0));
};

const inTurn = async (runs: readonly KeyRun[]): Promise<readonly Kept[]> => {
  const kept: Kept[] = [];
  for (const run of runs) kept.push(await run.run());
  return kept;
};

const defer = async (
  messages: readonly IncomingMessage[],
  { ports, time }: Pick<RunnerDeps, 'ports' | 'time'>,
  why: { reason: 'blocked' | 'state unreadable'; error?: unknown },
): Promise<void> => {
  ports.observe({ type: 'deferred', messages: messages.length, ...why });
  // One delay for all: the longest, so that the head of no key comes back after its followers.
  const most = Math.max(...messages.map(({ receiveCount }) => receiveCount));
  await changeVisibility(messages, refusalDelay(most, time.backoff), ports);
};
