/** What a stage's function is given: the real work of router and deliver, with every call at the mercy of the invocation. */
import { announceFlip } from '../../../lambdas/core/announce.ts';
import { inCalls } from '../../../lambdas/core/calls.ts';
import type { DrainDeps } from '../../../lambdas/core/drain.ts';
import { changeMode } from '../../../lambdas/core/mode-change.ts';
import type { ModeEvent } from '../../../lambdas/core/mode-machine.ts';
import { NORMAL, type ModeRecord } from '../../../lambdas/core/mode.ts';
import type { Process } from '../../../lambdas/core/outcome.ts';
import {
  InfraFault,
  type IncomingMessage,
  type OutgoingMessage,
  type QueueSender,
  type StageQueue,
  type StateStore,
} from '../../../lambdas/core/ports.ts';
import type { RunnerDeps } from '../../../lambdas/core/runner-deps.ts';
import type { SeenStore } from '../../../lambdas/core/seen.ts';
import { deliverer } from '../../../lambdas/deliver/deliver.ts';
import type { HttpClient } from '../../../lambdas/deliver/http-client.ts';
import { secretCache } from '../../../lambdas/deliver/secrets.ts';
import { router, type RouterDeps } from '../../../lambdas/router/route.ts';
import { gated, replaced } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import type { Schedule } from '../schedule.ts';
import { load, type Code } from './code.ts';
import { degradedMode, destination, limitsOf, SECOND, SEEN_LIMITS, timing } from './config.ts';
import { DESTINATIONS, ROUTER, type DestinationId, type StageId } from './plan.ts';
import type { World } from './world.ts';

/** As the functions' shell has it: by how much a lease outlives the function at least. */
const LEASE_MARGIN = 10 * SECOND;

/** How long a message waits for company; milliseconds. */
const WINDOW = 3;

/** What the groups of a batch send at about the same time goes in one call, as by `BatchingSender`. */
const gathering = (sender: QueueSender, schedule: Schedule) => {
  let waiting: { message: OutgoingMessage; taken: () => void; failed: (error: Error) => void }[] = [];
  const flush = (): void => {
    const all = waiting;
    waiting = [];
    let next = 0;
    for (const call of inCalls(all.map(({ message }) => message))) {
      const own = all.slice(next, next + call.length);
      next += call.length;
      sender.send(call).then(
        (results) => {
          own.forEach(({ taken, failed }, i) => {
            const result = results[i];
            if (result?.ok === true) taken();
            else failed(new InfraFault(`SQS refused a message: ${result?.reason ?? ''}`));
          });
        },
        (error: unknown) => {
          for (const { failed } of own) failed(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
  };
  return (message: OutgoingMessage): Promise<void> =>
    new Promise((taken, failed) => {
      waiting.push({ message, taken, failed });
      if (waiting.length === 1) schedule.after(WINDOW, flush);
    });
};

const routerProcess = (world: World, invocation: Invocation, code: Code): Process => {
  const { gate } = invocation;
  const deduplication = {
    store: gated<SeenStore>(world.seen, 'seen', gate),
    limits: SEEN_LIMITS,
    warn: () => undefined,
  };
  const deps: RouterDeps = {
    stage: ROUTER,
    destinations: DESTINATIONS.map((id) => {
      const raw: QueueSender = {
        send: async (messages) => {
          await Promise.resolve();
          for (const { groupId } of messages) world.routed(groupId);
          return world.send(id, messages, invocation);
        },
      };
      const send = gathering(gated(raw, 'sqs', gate), world.schedule);
      return { id, sources: destination(id).sources, send };
    }),
    loadTransform: () => load(ROUTER, code, invocation),
    rejections: gated(world.rejections, 'rejections', gate),
    clock: world.clockOf(invocation),
    count: () => undefined,
    ...(world.plan.settings.deduplication ? { deduplication } : {}),
  };
  return router(world.bug.router?.(deps, world) ?? deps);
};

const deliverProcess = (world: World, stage: DestinationId, invocation: Invocation, code: Code): Process => {
  const { gate } = invocation;
  const clock = world.clockOf(invocation);
  const state = gated<Pick<StateStore, 'lastSuccess' | 'saveSuccess'>>(world.state, 'state', gate);
  const send: HttpClient = async (request) => {
    try {
      const { reply, wait } = (await gate('http.post', [stage, request.body.length], () =>
        world.receivers.post(stage, request),
      )) as Awaited<ReturnType<typeof world.receivers.post>>;
      if (wait > 0) await world.schedule.pass(wait);
      return reply;
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      return { kind: 'transport', reason: 'socket hang up' };
    }
  };
  return deliverer({
    destination: destination(stage),
    timing,
    codeVersion: code.version,
    loadTransform: () => load(stage, code, invocation),
    send,
    secrets: secretCache(
      () => Promise.reject(new InfraFault('no secrets')),
      clock,
      () => undefined,
    ),
    rejections: gated(world.rejections, 'rejections', gate),
    state,
    clock,
    warn: () => undefined,
    count: () => undefined,
  });
};

const watched =
  (world: World, stage: StageId, invocation: Invocation, process: Process): Process =>
  async (message, processing) => {
    const user = world.ledger.userOf(message.id);
    if (user === undefined) return process(message, processing);
    world.watch.begun(stage, user, message, invocation);
    try {
      return await process(message, processing);
    } finally {
      world.watch.ended(stage, user);
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

export interface StageWork {
  readonly code: Code;
  readonly queue: StageQueue;
  /** Of the batch; none in a drain. */
  readonly messages: readonly IncomingMessage[];
}

/** @param published gets what is under way to be published: the function does not end before */
export const stageDeps = (
  world: World,
  stage: StageId,
  invocation: Invocation,
  { code, queue: rawQueue, messages }: StageWork,
  published: Promise<void>[],
): DrainDeps & RunnerDeps => {
  const { watch, plan } = world;
  const { gate } = invocation;
  const modes = gated(world.state, 'modes', gate);
  const queue = gated(rawQueue, 'queue', gate);
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
  const work =
    stage === ROUTER
      ? routerProcess(world, invocation, code)
      : deliverProcess(world, stage, invocation, code);
  const deps: DrainDeps & RunnerDeps = {
    stage,
    isDestination: stage !== ROUTER,
    codeVersion: code.version,
    state: gated(watchedState(world, invocation), 'state', gate),
    parking: gated(world.parking, 'parking', gate),
    queue: replaced(queue, {
      delete: async (message) => {
        await queue.delete(message);
        watch.charges.deleted(invocation, message.id);
      },
    }),
    process: watched(world, stage, invocation, work),
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
      watch.observe(event, stage, invocation);
    },
  };
  return world.bug.runner?.(deps, messages) ?? deps;
};
