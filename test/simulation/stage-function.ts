import type { DrainDeps } from '../../lambdas/core/drain.ts';
import { changeMode } from '../../lambdas/core/mode-change.ts';
import type { ModeEvent } from '../../lambdas/core/mode-machine.ts';
import { isShut, NORMAL } from '../../lambdas/core/mode.ts';
import type { Outcome, Process } from '../../lambdas/core/outcome.ts';
import { InfraFault, type StageQueue, type StateStore } from '../../lambdas/core/ports.ts';
import type { RunnerDeps } from '../../lambdas/core/runner-deps.ts';
import { gated, replaced } from '../support/ports-gate.ts';
import type { Invocation } from './invocation.ts';
import { MINUTE, ROUTER, SECOND, STAGE, STAGE_TIMEOUT, type Code } from './settings.ts';
import type { World } from './world.ts';

/** The longest that a destination takes to answer; milliseconds. */
const SLOW = 10 * SECOND;

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
    queue: replaced(queueOfIt, {
      delete: async (message) => {
        await queueOfIt.delete(message);
        audit.charges.deleted(invocation, message.id);
      },
    }),
    process: processOf(world, invocation, code),
    readModes: async () => {
      const [own = NORMAL, system = NORMAL] = await modes.readModes([STAGE, ROUTER]);
      audit.knows(invocation, isShut([own, system]));
      return { own, system };
    },
    note: async (event: ModeEvent) => {
      const { after, flipped } = await changeMode({ ...world.changes, modes }, STAGE, event);
      if (flipped) world.log(`${STAGE} is ${after.mode}: ${after.reason}`);
      world.watchMode();
      if (isShut([after])) audit.knows(invocation, true);
      return after;
    },
    clock: () => schedule.now,
    random: options.random,
    uuid: world.uuid,
    backoff: { minBackoff: SECOND, maxBackoff: 5 * MINUTE },
    settings: options.settings,
    leaseTime: STAGE_TIMEOUT + 10 * SECOND,
    timeLeft: () => invocation.timeLeft,
    worstCase: SLOW + 5 * SECOND,
    observe: (event) => {
      audit.observe(event, invocation);
      if (event.type === 'redriven' || event.type === 'parked' || event.type === 'drain failed')
        world.log(`${invocation.name} ${event.type} ${'message' in event ? event.message.body : event.key}`);
    },
  };
};

/** The audit sees what is charged when it is written. */
const watched = ({ state, audit }: World, invocation: Invocation): StateStore => ({
  read: (stage, query) => state.read(stage, query),
  lastSuccess: (stage) => state.lastSuccess(stage),
  saveSuccess: (stage, at) => state.saveSuccess(stage, at),
  saveAttempt: async (stage, id, attempt) => {
    audit.charges.saved(invocation, id, attempt, state.attempts.get(id));
    await state.saveAttempt(stage, id, attempt);
  },
});

const processOf =
  (world: World, invocation: Invocation, code: Code): Process =>
  async ({ body }) => {
    const { audit } = world;
    world.watchMode();
    audit.begun(body, invocation, SLOW);
    try {
      return await attempt(world, invocation, code, body);
    } finally {
      audit.ended(body);
    }
  };

const attempt = async (
  world: World,
  invocation: Invocation,
  { version, loads, behaviour }: Code,
  body: string,
): Promise<Outcome> => {
  const coded = loads ? behaviour(body) : 'throw';
  switch (coded === 'deliver' ? world.destination(body) : coded) {
    case 'deliver':
      await invocation.gate('deliver', [body], async () => {
        await Promise.resolve();
        world.audit.delivered(body);
      });
      return { kind: 'done' };
    case 'throw':
      throw new TypeError(`${version} cannot read ${body}`);
    case 'exit':
      invocation.die(`exit at ${body}`);
      return new Promise(() => undefined);
    case 'hang':
      return new Promise(() => undefined);
    case 'retry':
      await world.schedule.pass(Math.floor(world.options.random() * SLOW));
      return { kind: 'retry', reason: '503' };
    case 'fault':
      throw new InfraFault('SendMessageBatch failed');
  }
};
