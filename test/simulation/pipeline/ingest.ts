import { createIngest } from '../../../lambdas/ingest/ingest.ts';
import type { Sleep } from '../../../lambdas/ingest/send.ts';
import { keysToSources } from '../../../lambdas/ingest/write-key.ts';
import type { QueueSender } from '../../../lambdas/core/base/messages.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Invocation } from '../invocation.ts';
import type { Schedule } from '../schedule.ts';
import { sources, timing } from './config.ts';
import { ROUTER } from './plan.ts';
import type { World } from './world.ts';

const sourceOf = keysToSources(sources);

const sleepBy =
  (schedule: Schedule): Sleep =>
  (milliseconds, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
      schedule.after(milliseconds, resolve);
    });

/** The real ingest, over SQS alone. */
export const ingestFor = (world: World, invocation: Invocation): ReturnType<typeof createIngest> => {
  const sender: QueueSender = gated<QueueSender>(
    { send: (messages) => Promise.resolve(world.send(ROUTER, messages, invocation)) },
    'sqs',
    invocation.gate,
  );
  return createIngest({
    sourceOf,
    sender: world.bug.ingest?.(sender) ?? sender,
    deadline: timing.ingestDeadline,
    maxKeys: 5_000,
    clock: world.clockOf(invocation),
    random: world.random,
    newId: world.uuid,
    sleep: sleepBy(world.schedule),
    log: () => undefined,
    emitMetrics: () => undefined,
    version: { version: '0', codeVersion: '0' },
    probeQueue: () => Promise.resolve(),
    readMode: () => {
      throw new Error('ingest reads the mode without a health request');
    },
  });
};
