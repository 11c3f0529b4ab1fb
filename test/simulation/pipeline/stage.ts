/** What a stage's function is given by its shell: ports that are watched, with every call at the mercy of the invocation. */
import { announceFlip } from '../../../lambdas/core/announce.ts';
import type { DrainDeps } from '../../../lambdas/core/drain.ts';
import { changeMode } from '../../../lambdas/core/mode-change.ts';
import type { ModeEvent } from '../../../lambdas/core/mode-machine.ts';
import { NORMAL, type ModeRecord } from '../../../lambdas/core/mode.ts';
import type { Process } from '../../../lambdas/core/outcome.ts';
import {
  InfraFault,
  type IncomingMessage,
  type StageQueue,
  type StateStore,
} from '../../../lambdas/core/ports.ts';
import type { RunnerDeps } from '../../../lambdas/core/runner-deps.ts';
import type { Transforms } from '../../../lambdas/core/transform.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import type { Code } from './code.ts';
import { degradedMode, limitsOf, SECOND, timing } from './config.ts';
import { ROUTER, type StageId } from './plan.ts';
import { processOf } from './processes.ts';
import type { World } from './world.ts';

/** As the functions' shell has it: by how much a lease outlives the function at least. */
const LEASE_MARGIN = 10 * SECOND;

const watched =
  (world: World, stage: StageId, invocation: Invocation, process: Process): Process =>
  async (message, processing) => {
    const { ledger, watch } = world;
    watch.charges.begun(invocation, message.id);
    const user = ledger.userOf(message.id);
    if (user !== undefined) watch.begun(stage, user, message, invocation);
    ledger.made.begun(stage, message);
    try {
      const outcome = await process(message, processing);
      ledger.made.ended(stage, message, outcome);
      return outcome;
    } finally {
      watch.charges.ended(invocation, message.id);
      if (user !== undefined) watch.ended(stage, user);
    }
  };

/** The audit sees what is charged when it is written. */
const watchedState = ({ state, watch }: World, invocation: Invocation): StateStore => ({
  read: (stage, query) => state.read(stage, query),
  lastSuccess: (stage) => state.lastSuccess(stage),
  saveSuccess: (stage, at) => state.saveSuccess(stage, at),
  saveAttempt: async (stage, id, attempt) => {
    watch.charges.saved(invocation, id, attempt, state.attempts.get(id));
    await state.saveAttempt(stage, id, attempt);
  },
});

/** The audit sees what is let go of when it is asked for, and what is deleted when it is. */
const watchedQueue = ({ watch }: World, queue: StageQueue, invocation: Invocation): StageQueue => ({
  setVisibility: (messages, seconds) => {
    watch.belongings.released(invocation, messages);
    return queue.setVisibility(messages, seconds);
  },
  delete: async (message) => {
    watch.belongings.released(invocation, [message]);
    await queue.delete(message);
    watch.charges.deleted(invocation, message.id);
  },
});

export interface StageWork {
  readonly code: Code;
  readonly transforms: Transforms;
  readonly queue: StageQueue;
  /** Of the batch; none in a drain. */
  readonly messages: readonly IncomingMessage[];
}

export type StageDeps = DrainDeps & RunnerDeps;

/** @param published gets what is under way to be published: the function does not end before */
export const stageDeps = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  { code, transforms, queue, messages }: StageWork,
  published: Promise<void>[],
): StageDeps => {
  const { watch, plan, bug } = world;
  const { gate, host } = invocation;
  const modes = gated(world.state, 'modes', gate);
  const clock = world.clockOf(invocation);
  const settings = degradedMode(plan.settings);
  const changes = {
    modes,
    clock,
    settings,
    routerStage: ROUTER,
    announcer: world.announcerFor(invocation),
    announcement: world.announcement,
  };
  const publish = async (record: ModeRecord): Promise<void> => {
    try {
      await announceFlip(changes, stage, record);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
    }
  };
  const { timeout, worstCase } = limitsOf(stage);
  const words = bug.lastWords?.(host.words) ?? host.words;
  const deps: StageDeps = {
    stage,
    isDestination: stage !== ROUTER,
    codeVersion: code.version,
    state: gated(watchedState(world, invocation), 'state', gate),
    parking: gated(world.parking, 'parking', gate),
    queue: words.watching(watchedQueue(world, gated(queue, 'queue', gate), invocation)),
    process: watched(world, stage, invocation, processOf(world, stage, invocation, transforms)),
    lastWords: words,
    readModes: async () => {
      const [own = NORMAL, system = NORMAL] = await modes.readModes([stage, ROUTER]);
      watch.knows(invocation, [own, system]);
      return { own, system };
    },
    note: async (event: ModeEvent) => {
      const { after, flipped } = await changeMode(changes, stage, event);
      if (event.type === 'redriven') watch.noted(event.messageId);
      if (flipped) published.push(publish(after));
      if (after.held || after.mode === 'degraded') watch.knows(invocation, [after]);
      return after;
    },
    clock,
    random: world.random,
    uuid: world.uuid,
    backoff: timing,
    settings,
    leaseTime: timeout + Math.max(timeout, LEASE_MARGIN),
    timeLeft: () => invocation.timeLeft,
    worstCase,
    observe: (event) => {
      if (event.type === 'stopped') world.faults.count('a message stopped for time');
      watch.observe(event, stage, invocation);
    },
  };
  return bug.runner?.(deps, messages) ?? deps;
};
