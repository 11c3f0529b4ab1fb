import type { DrainDeps } from '../../lambdas/core/stage/drain.ts';
import { CALL_MARGIN } from '../../lambdas/core/base/limits.ts';
import { changeMode } from '../../lambdas/core/mode/change.ts';
import type { ModeEvent } from '../../lambdas/core/mode/machine.ts';
import { heed } from '../../lambdas/core/stage/last-words.ts';
import { isShut, type ModeRecord } from '../../lambdas/core/mode/record.ts';
import { NOTHING_SHOWN, type Outcome, type Process } from '../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { StageQueue, StateStore } from '../../lambdas/core/stage/ports.ts';
import type { RunnerDeps } from '../../lambdas/core/stage/runner-deps.ts';
import { gated } from '../support/ports-gate.ts';
import { isSameCharge } from './charges.ts';
import type { Environment } from './environment.ts';
import type { Invocation } from './invocation.ts';
import { MINUTE, ROUTER, SECOND, STAGE, STAGE_TIMEOUT, TRANSFORM_TIMEOUT, type Code } from './settings.ts';
import type { World } from './world.ts';

/** The longest that a destination takes to answer; milliseconds. */
const SLOW = 10 * SECOND;

const BACKOFF = { minBackoff: SECOND, maxBackoff: 5 * MINUTE };

const noteOf =
  (world: World, invocation: Invocation) =>
  async (event: ModeEvent): Promise<ModeRecord> => {
    const modes = gated(world.state, 'modes', invocation.gate);
    const { after, flipped } = await changeMode({ ...world.changes, modes }, STAGE, event);
    if (flipped) world.log(`${STAGE} is ${after.mode}: ${after.reason}`);
    world.watchMode();
    if (isShut([after])) world.audit.knows(invocation, true);
    return after;
  };

/** What a stage's function is given, with every call of a port at the mercy of the invocation. */
export const stageDeps = (
  world: World,
  invocation: Invocation,
  queue: StageQueue,
): DrainDeps & RunnerDeps => {
  const { code, options, schedule, audit } = world;
  const { gate } = invocation;
  const modes = gated(world.state, 'modes', gate);
  const queueOfIt = gated(queue, 'queue', gate);
  return {
    stage: STAGE,
    isDestination: true,
    codeVersion: code.version,
    state: gated(watched(world, invocation), 'state', gate),
    parking: gated(world.parking, 'parking', gate),
    queue: invocation.host.words.watching({
      receive: (seconds) => queueOfIt.receive(seconds),
      setVisibility: (messages, seconds) => {
        audit.belongings.released(invocation, messages);
        return queueOfIt.setVisibility(messages, seconds);
      },
      delete: async (message) => {
        audit.belongings.released(invocation, [message]);
        await queueOfIt.delete(message);
        audit.charges.deleted(invocation, message.id);
      },
    }),
    lastWords: invocation.host.words,
    progressNote: world.noteOf(invocation.host),
    process: processOf(world, invocation, code),
    readModes: async () => {
      const stored = await modes.readStored(STAGE, ROUTER);
      audit.knows(invocation, isShut([stored.own, stored.system]));
      return stored;
    },
    note: noteOf(world, invocation),
    clock: () => schedule.now,
    random: options.random,
    uuid: world.uuid,
    backoff: BACKOFF,
    settings: options.settings,
    leaseTime: STAGE_TIMEOUT + 10 * SECOND,
    timeLeft: () => invocation.timeLeft,
    worstCase: SLOW + TRANSFORM_TIMEOUT + 5 * SECOND,
    observe: (event) => {
      audit.observe(event, invocation);
      if (event.type === 'redriven' || event.type === 'parked' || event.type === 'drain failed')
        world.log(`${invocation.name} ${event.type} ${'message' in event ? event.message.body : event.key}`);
    },
  };
};

/** A process that has just started heeds the last words of the one before it. @param queue the stage's own */
export const startProcess = async (
  world: World,
  invocation: Invocation,
  { lastDeath }: Environment,
  queue: StageQueue,
): Promise<void> => {
  const { host, gate } = invocation;
  if (host.hasStarted) return;
  host.hasStarted = true;
  const words = host.words.take();
  if (words === undefined) return;
  const { audit, state, schedule, options } = world;
  const touching: StageQueue = {
    ...queue,
    setVisibility: (messages, seconds) => {
      audit.belongings.touched(messages, lastDeath);
      return queue.setVisibility(messages, seconds);
    },
  };
  const charging: Pick<StateStore, 'read' | 'saveAttempt'> = {
    read: (stage, query) => state.read(stage, query),
    saveAttempt: async (stage, id, attempt) => {
      // Of one that was charged before the attempt only the death is recorded.
      if (!isSameCharge(attempt, state.attempts.get(id))) {
        audit.belongings.charged(id, lastDeath);
        audit.charges.heeded(id, lastDeath);
      }
      await state.saveAttempt(stage, id, attempt);
    },
  };
  await heed(words, {
    stage: STAGE,
    queue: gated(touching, 'queue', gate),
    state: gated(charging, 'state', gate),
    note: noteOf(world, invocation),
    backoff: BACKOFF,
    settings: options.settings,
    landing: CALL_MARGIN,
    clock: () => schedule.now,
    random: options.random,
    observe: () => undefined,
  });
};

/** The audit sees what is charged when it is written. */
const watched = ({ state, audit }: World, invocation: Invocation): StateStore => ({
  read: (stage, query) => state.read(stage, query),
  saveProgress: (stage, progress) => state.saveProgress(stage, progress),
  saveAttempt: async (stage, id, attempt) => {
    audit.charges.saved(invocation, id, attempt, state.attempts.get(id));
    await state.saveAttempt(stage, id, attempt);
  },
});

const processOf =
  (world: World, invocation: Invocation, code: Code): Process =>
  async ({ id, body }, { isTrial }) => {
    const { audit } = world;
    world.watchMode();
    audit.begun(id, body, invocation, SLOW, isTrial);
    try {
      return await attempt(world, invocation, code, body);
    } finally {
      audit.ended(id, body, invocation);
    }
  };

const attempt = async (
  world: World,
  invocation: Invocation,
  { version, loads, behaviour }: Code,
  body: string,
): Promise<Outcome> => {
  if (!loads) return { kind: 'crash', crash: { kind: 'load', error: `${version} does not load` } };
  const coded = behaviour(body);
  switch (coded === 'deliver' ? world.destination(body) : coded) {
    case 'deliver':
      await invocation.gate('deliver', [body], async () => {
        await Promise.resolve();
        world.audit.delivered(body);
      });
      return { kind: 'done', shown: { ...NOTHING_SHOWN, delivered: 1 } };
    case 'throw':
      return { kind: 'crash', crash: { kind: 'throw', error: `${version} cannot read ${body}` } };
    case 'timeout':
      await invocation.host.pass(TRANSFORM_TIMEOUT);
      return { kind: 'crash', crash: { kind: 'timeout', error: `${version} takes too long for ${body}` } };
    case 'native':
      invocation.die(`native crash at ${body}`);
      return new Promise(() => undefined);
    case 'retry':
      await invocation.host.pass(Math.floor(world.options.random() * SLOW));
      return { kind: 'retry', reason: '503' };
    case 'fault':
      throw new InfraFault('SendMessageBatch failed');
  }
};
