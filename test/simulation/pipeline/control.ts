/** Control: its real run and the operators' real commands, over ports in memory. */
import { control } from '../../../lambdas/control/control.ts';
import type { ControlDeps, StageFunctions } from '../../../lambdas/control/ports.ts';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { Probe } from '../../../lambdas/core/mode/machine.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { gated, replaced } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import { MAX_CONCURRENCY, modeSettings, sources } from './config.ts';
import { STAGES, type StageId } from './plan.ts';
import { deadLetterQueueName, queueName } from './queues.ts';
import type { World } from './world.ts';

const stageOf = (name: string): StageId => {
  const stage = STAGES.find((one) => name === one || name === queueName(one));
  if (stage === undefined) throw new Error(`there is no ${name}`);
  return stage;
};

const unanswered = (at: number): Probe => ({
  kind: 'failed',
  crash: { kind: 'load', error: 'it did not answer', codeVersion: '', at },
});

const functions = (world: World, { gate }: Invocation, isQuick: boolean): StageFunctions => {
  const port = gated<StageFunctions>(
    {
      probe: async (name) => {
        const stage = stageOf(name);
        if (world.queues.isStarved(stage, 'function')) throw new InfraFault(`${name} is throttled`);
        const probe = world.queues.isStarved(stage, 'probe')
          ? unanswered(world.schedule.now)
          : await world.stageFunctions.probe(stage, isQuick);
        world.evidence.probed(stage, probe.kind === 'answered');
        return probe;
      },
      startTrial: (name) => {
        if (world.queues.isStarved(stageOf(name), 'function')) return Promise.resolve();
        world.faults.count('trial');
        world.schedule.after(world.faults.latency(), () => {
          world.stageFunctions.startTrial(stageOf(name));
        });
        return Promise.resolve();
      },
      startDrain: (name, work) => {
        if (world.queues.isStarved(stageOf(name), 'function')) return Promise.resolve();
        world.schedule.after(world.faults.latency(), () => {
          world.stageFunctions.startDrain(stageOf(name), work);
        });
        return Promise.resolve();
      },
    },
    'functions',
    gate,
  );
  return replaced(port, {
    // The adapter distinguishes throttling, and a Lambda that does not answer, from a function that fails.
    probe: async (name) => {
      try {
        return await port.probe(name);
      } catch (error) {
        if (error instanceof InfraFault) return { kind: 'unknown', why: error.message };
        throw error;
      }
    },
  });
};

const controlDeps = (world: World, invocation: Invocation, isQuick: boolean): ControlDeps => {
  const { gate } = invocation;
  const { queues, state, rejections, watch, plan } = world;
  const parking = gated(world.parking, 'parking', gate);
  const deps: ControlDeps = {
    pipeline: 'shop',
    stages: STAGES.map((id) => ({ id, mappingId: id, maxConcurrency: MAX_CONCURRENCY })),
    settings: modeSettings(plan.settings),
    // More workers than shards: some share one.
    drainConcurrency: 20,
    modes: gated(state, 'modes', gate),
    lateCrashes: gated(world.lateCrashes, 'lateCrashes', gate),
    hotKeys: { readHotKeys: () => Promise.resolve(new Map()) },
    parking: replaced(parking, {
      // Nine of ten shards are empty; reading them is not worth a call each.
      heads: (stage, shard, page) =>
        world.parking.keys(stage).some((key) => shardOf(key) === shard)
          ? parking.heads(stage, shard, page)
          : Promise.resolve({ heads: [] }),
    }),
    rejections: gated(rejections, 'rejections', gate),
    seen: gated(world.seen, 'seen', gate),
    registry: gated(world.registry, 'registry', gate),
    mappings: gated<ControlDeps['mappings']>(
      {
        read: (id) => {
          const { enabled, concurrency, busyUntil } = queues.of(stageOf(id));
          const isBusy = busyUntil > world.schedule.now;
          return Promise.resolve({
            state: isBusy ? 'Updating' : enabled ? 'Enabled' : 'Disabled',
            maximumConcurrency: concurrency,
            functionName: stageOf(id),
            queueName: queueName(stageOf(id)),
          });
        },
        update: (id, change) => Promise.resolve(queues.update(stageOf(id), change)),
      },
      'mappings',
      gate,
    ),
    names: world.names,
    functions: functions(world, invocation, isQuick),
    counts: gated<ControlDeps['counts']>(
      {
        read: (queue) => Promise.resolve({ visible: queues.countOf({ queue }), inFlight: 0 }),
        deadLetterQueueName: (queue) => Promise.resolve(deadLetterQueueName(stageOf(queue))),
      },
      'counts',
      gate,
    ),
    metrics: gated<ControlDeps['metrics']>(
      {
        put: (data) => {
          watch.gauges(data, invocation);
          world.parkedPages.put(data, invocation);
          return Promise.resolve();
        },
      },
      'metrics',
      gate,
    ),
    announcer: world.announcerFor(invocation),
    announcement: world.announcement,
    orderByOf: new Map(sources.map(({ id, orderBy }) => [id, orderBy])),
    sender: (queue) =>
      gated(
        {
          send: (messages) => Promise.resolve(world.send(stageOf(queue), messages, invocation)),
        },
        'sqs',
        gate,
      ),
    clock: world.clockOf(invocation),
    newId: world.uuid,
    uuid: world.uuid,
    timeLeft: () => invocation.timeLeft,
    log: () => undefined,
    ...world.replays.archive(invocation),
  };
  return world.bug.control?.(deps) ?? deps;
};

/** Others may change a mode every time between the read and the write; the next run does the rest. */
const isContention = (error: unknown): boolean =>
  error instanceof InfraFault && error.message.includes('was changed by others');

const isOutOfTime = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('there was no time left');

/** A run or a command. @param isQuick its calls are over immediately @throws an unexpected error: it failed although none of its calls did */
export const runControl = async (
  world: World,
  invocation: Invocation,
  event: unknown,
  isQuick: boolean,
): Promise<ControlAnswer | undefined> => {
  try {
    return await control(event, controlDeps(world, invocation, isQuick));
  } catch (error) {
    const failures: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const isOurs = failures.every((one) => one instanceof Error && !(one instanceof TypeError));
    // All of its calls were slow.
    if (!isQuick && failures.some(isOutOfTime)) invocation.isHurt = true;
    if (failures.every(isContention) || (invocation.isHurt && isOurs)) return undefined;
    throw error;
  }
};
