/** What a stage's function is given by its shell: ports that are watched, with every call at the mercy of the invocation. */
import { publishMode } from '../../../lambdas/core/mode/keeper.ts';
import type { DrainDeps } from '../../../lambdas/core/stage/drain.ts';
import { changeMode } from '../../../lambdas/core/mode/change.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { StageQueue, StateStore } from '../../../lambdas/core/stage/ports.ts';
import type { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import type { Code } from './code.ts';
import { degradedMode, limitsOf, modeSettings, SECOND, timing } from './config.ts';
import { ROUTER, type StageId } from './plan.ts';
import { processOf } from './processes.ts';
import type { World } from './world.ts';

/** As the functions' shell has it: by how much a lease outlives the function at least. */
const LEASE_MARGIN = 10 * SECOND;

const watched =
  (world: World, stage: StageId, invocation: Invocation, process: Process): Process =>
  async (message, processing) => {
    const { ledger, watch, evidence } = world;
    watch.charges.begun(invocation, message.id);
    const user = ledger.userOf(message.id);
    const { isTrial } = processing;
    if (user !== undefined) watch.begun(stage, user, message, invocation, isTrial);
    ledger.made.begun(stage, message);
    evidence.begun(stage, message, invocation, isTrial);
    try {
      const outcome = await process(message, processing);
      ledger.made.ended(stage, message, outcome);
      evidence.ended(message, outcome, invocation);
      return outcome;
    } catch (error) {
      evidence.ended(message, { kind: 'fault', reason: String(error) }, invocation);
      throw error;
    } finally {
      watch.charges.ended(invocation, message.id);
      if (user !== undefined) watch.ended(stage, user);
    }
  };

/** The audit sees what is charged when it is written. */
const watchedState = ({ state, watch }: World, invocation: Invocation): StateStore => ({
  read: (stage, query) => state.read(stage, query),
  saveProgress: (stage, progress) => state.saveProgress(stage, progress),
  saveAttempt: async (stage, id, attempt) => {
    watch.charges.saved(invocation, id, attempt, state.attempts.get(id));
    await state.saveAttempt(stage, id, attempt);
  },
});

/** The audit sees what is let go of when it is asked for, and what is deleted when it is. */
const watchedQueue = ({ watch }: World, queue: StageQueue, invocation: Invocation): StageQueue => ({
  receive: (seconds) => queue.receive(seconds),
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
  /** What the process remembers. */
  readonly progressNote: ProgressNote;
  /** Of the batch; none in a drain. */
  readonly messages: readonly IncomingMessage[];
}

export type StageDeps = DrainDeps & RunnerDeps;

/** As `RunnerDeps` has it. @param published gets what is under way to be published: the function does not end before */
export const noteOf = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  published: Promise<void>[],
): RunnerDeps['note'] => {
  const { watch, plan } = world;
  const changes = {
    modes: gated(world.state, 'modes', invocation.gate),
    clock: world.clockOf(invocation),
    uuid: world.uuid,
    settings: modeSettings(plan.settings),
    routerStage: ROUTER,
    announcer: world.announcerFor(invocation),
    announcement: world.announcement,
  };
  const publish = async (record: ModeRecord): Promise<void> => {
    try {
      await publishMode(changes, stage, record);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
    }
  };
  return async (event: ModeEvent) => {
    if (event.type === 'redriven') world.evidence.redriven(stage, event.messageId);
    const { after, flipped } = await changeMode(changes, stage, event);
    if (event.type === 'redriven') watch.noted(event.messageId);
    if (flipped) published.push(publish(after));
    if (after.held || after.mode === 'degraded') watch.knows(invocation, [after]);
    return after;
  };
};

/** @param published gets what is under way to be published: the function does not end before */
export const stageDeps = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  { code, transforms, queue, progressNote, messages }: StageWork,
  published: Promise<void>[],
): StageDeps => {
  const { watch, plan, bug } = world;
  const { gate, host } = invocation;
  const modes = gated(world.state, 'modes', gate);
  const clock = world.clockOf(invocation);
  const settings = degradedMode(plan.settings);
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
    progressNote,
    readModes: async () => {
      const stored = await modes.readStored(stage, ROUTER);
      watch.knows(invocation, [stored.own, stored.system]);
      return stored;
    },
    note: noteOf(world, stage, invocation, published),
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
