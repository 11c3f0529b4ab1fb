import { isBlocked } from '../../../lambdas/core/mode/record.ts';
import { STAGES, userName } from './plan.ts';
import type { World } from './world.ts';

/** What is unfinished, in words; undefined when all is at rest and forwarding, and every mode is announced. */
export const unrest = ({ clients, queues, parking, replays, state, watch }: World): string | undefined => {
  const modes = STAGES.map((stage) => ({ stage, ...state.mode(stage) }));
  const busy = [
    ...clients.flatMap((client, user) => (client.isIdle ? [] : [`${userName(user)} has events to send`])),
    ...queues.mappings
      .filter((mapping) => queues.countOf(mapping) > 0)
      .map((mapping) => `${mapping.queue} has ${String(queues.countOf(mapping))} messages`),
    ...STAGES.filter((stage) => parking.keys(stage).length > 0).map((stage) => `${stage} has parked keys`),
    ...(parking.size > 0 ? [`${String(parking.size)} messages are parked`] : []),
    ...modes
      .filter((mode) => mode.mode !== 'normal' || isBlocked([mode]))
      .map(({ stage, mode, held, reason }) => `${stage} is ${held ? 'held' : mode}: ${reason}`),
    ...queues.mappings.filter(({ enabled }) => !enabled).map(({ queue }) => `${queue} is not read`),
    ...(replays.unrest === undefined ? [] : [replays.unrest]),
    ...watch.unsaid(),
  ];
  return busy.length === 0 ? undefined : busy.join('; ');
};
