/** The ports that its shell gives a stage's function. They are watched, and each call can fail or kill the invocation. */
import { publishMode } from '../../../lambdas/core/mode/keeper.ts';
import { changeMode } from '../../../lambdas/core/mode/change.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Outcome, Process, ProcessUnit } from '../../../lambdas/core/stage/outcome.ts';
import type { Unit } from '../../../lambdas/core/stage/unit.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { StageQueue, StateStore } from '../../../lambdas/core/stage/ports.ts';
import type { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import type { RunnerDeps, RunnerMode } from '../../../lambdas/core/stage/runner-deps.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import type { Code } from './code.ts';
import { degradedMode, limitsOf, modeSettings, SECOND, timing } from './config.ts';
import { ROUTER, type StageId } from './plan.ts';
import { processOf } from './processes.ts';
import type { World } from './world.ts';

/** As in the functions' shell: the minimum time by which a lease outlives the function. */
const LEASE_MARGIN = 10 * SECOND;

const watched = (world: World, stage: StageId, invocation: Invocation, process: Process): Process => {
  const { ledger, watch, evidence, faults, together } = world;
  const { unit, isRepeatable } = process;
  /** @returns the outcomes of the first messages */
  const watching = async (
    messages: Unit<IncomingMessage>,
    isTrial: boolean,
    work: () => Promise<readonly Outcome[]>,
  ): Promise<readonly Outcome[]> => {
    const [first] = messages;
    watch.charges.begun(invocation, first.id);
    const user = ledger.userOf(first.id);
    if (user !== undefined) watch.begun(stage, user, messages, invocation, isTrial);
    for (const message of messages) ledger.made.begun(stage, message);
    // The others are in hand from the moment when something of them has been delivered.
    evidence.begun(stage, messages, invocation, isTrial);
    try {
      const outcomes = await work();
      if (outcomes.length > 1) faults.count('several messages as one');
      for (const [i, outcome] of outcomes.entries()) {
        const message = messages[i];
        if (message === undefined) continue;
        ledger.made.ended(stage, message, outcome);
        evidence.ended(message, outcome, invocation);
        if (outcome.kind === 'done') ledger.done(message.id);
      }
      return outcomes;
    } catch (error) {
      evidence.ended(first, { kind: 'fault', reason: String(error) }, invocation);
      throw error;
    } finally {
      watch.charges.ended(invocation, first.id);
      if (user !== undefined) watch.ended(stage, user);
    }
  };
  const one: Process = async (message, processing) => {
    // What a drain works on has no receipt, and is deleted one by one.
    const isFirst = message.receiveCount === 1 && message.receiptHandle !== '' && !processing.isTrial;
    if (isRepeatable === true && isFirst) together.begun(invocation, message);
    const [outcome] = await watching([message], processing.isTrial, async () => [
      await process(message, processing),
    ]);
    if (outcome === undefined) throw new Error(`${message.id} has no outcome`);
    return outcome;
  };
  if (isRepeatable === true) return Object.assign(one, { isRepeatable });
  if (unit === undefined) return one;
  const several: ProcessUnit = ([first, ...others], processing) => {
    if (first === undefined) throw new Error('a unit has no message');
    const messages = [first, ...others] as const;
    return watching(messages, processing.isTrial, () => unit(messages, processing));
  };
  return Object.assign(one, { unit: several });
};

/** The audit sees a charge when it is written. */
const watchedState = ({ state, watch }: World, invocation: Invocation): StateStore => ({
  read: (stage, query) => state.read(stage, query),
  saveProgress: (stage, progress) => state.saveProgress(stage, progress),
  saveAttempt: async (stage, id, attempt) => {
    watch.charges.saved(invocation, id, attempt, state.attempts.get(id));
    await state.saveAttempt(stage, id, attempt);
  },
});

/** The audit sees a message given back when that is requested, and a deletion when it takes effect. */
const watchedQueue = ({ watch, together }: World, queue: StageQueue, invocation: Invocation): StageQueue => ({
  receive: (seconds) => queue.receive(seconds),
  setVisibility: (messages, seconds) => {
    watch.belongings.released(invocation, messages);
    return queue.setVisibility(messages, seconds);
  },
  delete: async (message) => {
    watch.belongings.released(invocation, [message]);
    await queue.delete(message);
    together.deleted(invocation, message);
    watch.charges.deleted(invocation, message.id);
  },
});

export interface StageWork {
  readonly code: Code;
  readonly transforms: Transforms;
  /** Whether the process has no time left for anything: see `lambdas/sandbox/abandoned.ts`. */
  readonly isSpent: () => boolean;
  readonly queue: StageQueue;
  /** State that the process keeps between invocations. */
  readonly progressNote: ProgressNote;
  /** Messages of the batch; none in a drain. */
  readonly messages: readonly IncomingMessage[];
}

/** See `RunnerMode`. @param published gets pending publications: the function does not end before them */
export const noteOf = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  published: Promise<void>[],
): RunnerMode['note'] => {
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

/** @param published gets pending publications: the function does not end before them */
export const stageDeps = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  { code, transforms, isSpent, queue, progressNote, messages }: StageWork,
  published: Promise<void>[],
): RunnerDeps => {
  const { watch, plan, bug } = world;
  const { gate, host } = invocation;
  const modes = gated(world.state, 'modes', gate);
  // Its draws come first: in another order a seed would give another scenario.
  const clock = world.clockOf(invocation);
  const { timeout, worstCase } = limitsOf(stage);
  const words = bug.lastWords?.(host.words) ?? host.words;
  const deps: RunnerDeps = {
    stage: { name: stage, isDestination: stage !== ROUTER, codeVersion: code.version },
    ports: {
      state: gated(watchedState(world, invocation), 'state', gate),
      parking: gated(world.parking, 'parking', gate),
      queue: words.watching(watchedQueue(world, gated(queue, 'queue', gate), invocation)),
      process: watched(world, stage, invocation, processOf(world, stage, invocation, transforms)),
      lastWords: words,
      // `test/simulation/crowding.test.ts` has stories of long queues; none of these has one.
      hidesOthers: () => false,
      uuid: world.uuid,
      observe: (event) => {
        if (event.type === 'stopped') world.faults.count('a message stopped for time');
        watch.observe(event, stage, invocation);
      },
    },
    mode: {
      readModes: async () => {
        const stored = await modes.readStored(stage, ROUTER);
        watch.knows(invocation, [stored.own, stored.system]);
        return stored;
      },
      note: noteOf(world, stage, invocation, published),
      progressNote,
    },
    time: {
      clock,
      timeLeft: () => (isSpent() ? 0 : invocation.timeLeft),
      worstCase,
      functionTime: timeout,
      leaseTime: timeout + Math.max(timeout, LEASE_MARGIN),
      backoff: timing,
      random: world.random,
    },
    settings: degradedMode(plan.settings),
  };
  return bug.runner?.(deps, messages) ?? deps;
};
