/** Planted bugs: in the router's fan-out, in ingest and in control. */
import { createHash } from 'node:crypto';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { OutgoingMessage, QueueSender } from '../../../lambdas/core/base/messages.ts';
import type { ControlDeps, MetricDatum } from '../../../lambdas/control/ports.ts';
import { replaced } from '../../support/ports-gate.ts';
import type { RouterDeps } from '../../../lambdas/router/route.ts';
import { remember, type SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import type { Planted } from './planted-stores.ts';
import type { World } from './world.ts';

const acknowledgedEarly = (sender: QueueSender): QueueSender => ({
  send: (messages) => {
    sender.send(messages).catch(() => undefined);
    return Promise.resolve(messages.map(() => ({ ok: true })));
  },
});

/** Groups messages by the user id, if there is one. */
const byUserId = (sender: QueueSender): QueueSender => {
  const grouped = (message: OutgoingMessage): OutgoingMessage => {
    const envelope = parseEnvelope(message.body);
    if (envelope?.kind !== 'events') return message;
    const [event] = envelope.events;
    const id = event?.['userId'] ?? event?.['anonymousId'];
    const user = createHash('sha256').update(JSON.stringify(id)).digest('base64url');
    return { ...message, groupId: user };
  };
  return { send: (messages, signal) => sender.send(messages.map(grouped), signal) };
};

/** The record does not name the message that brought an id. */
const markedEarly = (deps: RouterDeps, world: World): RouterDeps => {
  const { deduplication } = deps;
  if (deduplication === undefined) return deps;
  const { store, limits } = deduplication;
  const read: SeenIdsStore['read'] = async (key) => {
    const seen = await store.read(key);
    const message = world.routing(key);
    const envelope = parseEnvelope(message?.body ?? '');
    if (message === undefined || envelope?.kind !== 'events') return seen;
    const marked = remember(seen, message, envelope.events, limits) ?? seen;
    await store.save(
      key,
      marked.map((brought) => ({ ...brought, by: 'none' })),
    );
    return seen;
  };
  return { ...deps, deduplication: { ...deduplication, store: { ...store, read } } };
};

const gaugeOfDegraded = async (
  { modes, metrics }: ControlDeps,
  data: readonly MetricDatum[],
): Promise<void> => {
  const named = data.map(async (datum) => {
    const stage = datum.dimensions['Stage'];
    if (datum.name !== 'DegradedMode' || stage === undefined) return datum;
    const mode = (await modes.readModes([stage])).get(stage);
    return { ...datum, value: mode?.mode === 'degraded' ? 1 : 0 };
  });
  await metrics.put(await Promise.all(named));
};

export const PLANTED_AROUND: readonly Planted[] = [
  {
    name: 'the router does not wait until the queues have taken the events',
    breaks: 'what SQS refuses is lost',
    bug: {
      router: (deps) => ({
        ...deps,
        destinations: deps.destinations.map((destination) => ({
          ...destination,
          send: (message) => {
            destination.send(message).catch(() => undefined);
            return Promise.resolve();
          },
        })),
      }),
    },
  },
  {
    name: 'the router sends to the first destination only',
    breaks: 'the others lose everything',
    bug: { router: (deps) => ({ ...deps, destinations: deps.destinations.slice(0, 1) }) },
  },
  {
    name: 'the router ignores the sources of a destination',
    breaks: 'a destination gets events of other sources',
    bug: {
      router: (deps) => ({
        ...deps,
        destinations: deps.destinations.map((destination) => ({ ...destination, sources: undefined })),
      }),
    },
  },
  {
    name: 'deduplication marks an event before its fan-out, without the message that brought it',
    breaks: 'a failure in between: the retry is dropped, and the event is lost',
    bug: { router: markedEarly },
  },
  {
    name: 'the router gives the events that it sends new ids',
    breaks: 'a destination cannot recognize a repeated event',
    bug: {
      router: (deps) => {
        const renamed = (event: SluiceEvent) => ({ ...event, messageId: `new-${String(deps.clock())}` });
        const run: Transforms['run'] = async (job) => {
          const { made, ...rest } = await deps.transforms.run(job);
          return { made: made.map((outputs) => outputs.map(renamed)), ...rest };
        };
        return { ...deps, transforms: { ...deps.transforms, run } };
      },
    },
  },
  {
    name: 'a message is begun without a check of the time left',
    breaks: 'the function is killed in the middle, and the message counts as poison',
    bug: { runner: (deps) => ({ ...deps, time: { ...deps.time, timeLeft: () => Infinity } }) },
  },
  {
    name: 'all users share one message group',
    breaks: "one user's poison holds back everybody",
    bug: {
      ingest: (sender) => ({
        send: (messages, signal) =>
          sender.send(
            messages.map((message) => ({ ...message, groupId: 'everybody' })),
            signal,
          ),
      }),
    },
  },
  {
    name: 'ingest answers 200 before SQS has taken the events',
    breaks: 'what SQS refuses is lost',
    bug: { ingest: acknowledgedEarly },
  },
  {
    name: 'the order key is the user id, where there is one',
    breaks: 'the events before and after a login overtake each other',
    bug: { ingest: byUserId },
  },
  {
    name: 'control does not announce a change of mode that a function could not announce',
    breaks: 'a death between the change of mode and its announcement: it is never announced',
    bug: {
      control: (deps) => ({
        ...deps,
        modes: replaced(deps.modes, {
          readModes: async (stages) =>
            new Map(
              [...(await deps.modes.readModes(stages))].map(([stage, record]) => [
                stage,
                { ...record, announced: record.epoch },
              ]),
            ),
        }),
      }),
    },
  },
  {
    name: 'the gauge is 1 in degraded mode only',
    breaks: 'a page is resolved while the stage still recovers',
    bug: {
      control: (deps) => ({
        ...deps,
        metrics: replaced(deps.metrics, { put: (data) => gaugeOfDegraded(deps, data) }),
      }),
    },
  },
  {
    name: 'a probe that Lambda throttles counts as failed',
    breaks: 'a healthy stage degrades, which pages',
    bug: {
      control: (deps) => ({
        ...deps,
        functions: replaced(deps.functions, {
          probe: async (name) => {
            const crash = {
              kind: 'load',
              error: 'Rate exceeded',
              codeVersion: '',
              at: deps.clock(),
            } as const;
            const probe = await deps.functions.probe(name);
            return probe.kind === 'unknown' ? { kind: 'failed', crash } : probe;
          },
        }),
      }),
    },
  },
  {
    name: 'control does not enable a mapping again',
    breaks: 'a stage that has recovered gets nothing',
    bug: {
      control: (deps) => ({
        ...deps,
        mappings: replaced(deps.mappings, {
          update: (id, change) => (change.enabled ? Promise.resolve(true) : deps.mappings.update(id, change)),
        }),
      }),
    },
  },
  {
    name: 'discard keeps no record',
    breaks: 'an event disappears without a record',
    bug: {
      control: (deps) => ({
        ...deps,
        rejections: replaced(deps.rejections, { save: () => Promise.resolve() }),
      }),
    },
  },
  {
    name: 'retry-rejected removes the record before SQS has the event',
    breaks: 'a failure in between: lost',
    bug: {
      control: (deps) => ({
        ...deps,
        rejections: replaced(deps.rejections, {
          find: async (stage, id) => {
            const found = await deps.rejections.find(stage, id);
            if (found !== undefined) await deps.rejections.remove(found);
            return found;
          },
        }),
      }),
    },
  },
];
