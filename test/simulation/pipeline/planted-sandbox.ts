/** Planted bugs: in how a stage runs its transform, and in how it handles the outputs. */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Processing } from '../../../lambdas/core/stage/outcome.ts';
import { NAME_LENGTH, nameOf } from '../../../lambdas/core/event/outputs.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type {
  CaughtCrash,
  TransformJob,
  TransformRun,
  Transforms,
} from '../../../lambdas/core/event/transform.ts';
import type { Destination, RouterDeps } from '../../../lambdas/router/route.ts';
import { withPorts, type Bug } from './bug.ts';
import { plannedOf } from './code.ts';
import { TRANSFORM_TIMEOUT } from './config.ts';
import type { Planted } from './planted-stores.ts';
import type { Thread } from './transforms.ts';
import type { World } from './world.ts';

type Run = Transforms['run'];

interface Work {
  readonly deps: RunnerDeps;
  readonly message: IncomingMessage;
  readonly attempt: Processing['attempt'];
}

/** The attempt for which a job runs: by stage and user, since a stage has one message of a user in hand at a time. */
const works = () => {
  const known = new Map<string, Work>();
  const runner: Bug['runner'] = (deps) =>
    withPorts(deps, {
      process: (message, processing) => {
        const user = /"anonymousId":"(\w+)"/.exec(message.body)?.[1] ?? '';
        known.set(`${deps.stage.name} ${user}`, { deps, message, attempt: processing.attempt });
        return deps.ports.process(message, processing);
      },
    });
  const workOf = (stage: string, { events: [event] }: TransformJob): Work | undefined =>
    event === undefined ? undefined : known.get(`${stage} ${plannedOf(event).anonymousId}`);
  return { runner, workOf };
};

/** As if an attempt's record had only the number of finished outputs of the event, not which. */
const counting = (): Bug => {
  const { runner, workOf } = works();
  const byName = new Map<string, SluiceEvent>();
  const finished = (done: string): readonly SluiceEvent[] =>
    Array.from({ length: done.length / NAME_LENGTH }, (_, i) => {
      const name = done.slice(i * NAME_LENGTH, (i + 1) * NAME_LENGTH);
      return byName.get(name);
    }).filter((output) => output !== undefined);
  return {
    runner,
    deliver: (deps) => {
      const run: Run = async (job) => {
        const done = workOf(deps.destination.id, job)?.attempt?.progress?.done ?? '';
        const { made, ...rest } = await deps.transforms.run(job);
        for (const output of made.flat()) byName.set(nameOf(output), output);
        const [first = [], ...others] = made;
        const before = finished(done);
        return made.length === 0
          ? { made, ...rest }
          : { made: [first.map((one, i) => before[i] ?? one), ...others], ...rest };
      };
      return { ...deps, transforms: { ...deps.transforms, run } };
    },
  };
};

/** Records the progress of an attempt as soon as its events have been transformed. */
const recordedEarly = (of: 'router' | 'destination'): Bug => {
  const { runner, workOf } = works();
  const recording = (stage: string, transforms: Transforms, world: World): Transforms => ({
    ...transforms,
    run: async (job) => {
      const result = await transforms.run(job);
      const work = workOf(stage, job);
      if (work === undefined || result.made.length === 0) return result;
      const { deps, message, attempt } = work;
      const events = (attempt?.progress?.events ?? 0) + result.made.length;
      const stored = world.state.attempts.get(message.id) ?? { failures: 0 };
      await deps.ports.state.saveAttempt(stage, message.id, { ...stored, progress: { events } });
      return result;
    },
  });
  return of === 'router'
    ? {
        runner,
        router: (deps, world) => ({ ...deps, transforms: recording(deps.stage, deps.transforms, world) }),
      }
    : {
        runner,
        deliver: (deps, world) => ({
          ...deps,
          transforms: recording(deps.destination.id, deps.transforms, world),
        }),
      };
};

const crashedBy = (crash: CaughtCrash, { made }: TransformRun): TransformRun => ({
  made,
  ended: { kind: 'crash', crash },
});

const chargedLate = (transforms: Transforms, thread: Thread): Transforms => ({
  ...transforms,
  run: async (job) => {
    const { late } = thread;
    const result = await transforms.run(job);
    const eventId = job.events[0]?.messageId;
    if (thread.late === late || eventId === undefined) return result;
    return crashedBy({ kind: 'throw', error: 'something failed', eventId }, result);
  },
});

const ENDS: readonly CaughtCrash['kind'][] = ['exit', 'timeout', 'memory'];

/** The running jobs of one invocation know of each other. */
const chargedToNeighbour = (transforms: Transforms): Transforms => {
  const underWay = new Map<TransformJob, CaughtCrash | undefined>();
  return {
    ...transforms,
    run: async (job) => {
      underWay.set(job, undefined);
      const result = await transforms.run(job);
      const blamed = underWay.get(job);
      underWay.delete(job);
      if (blamed !== undefined) return crashedBy(blamed, result);
      const crash = result.ended?.kind === 'crash' ? result.ended.crash : undefined;
      const [neighbour] = underWay.keys();
      if (crash !== undefined && ENDS.includes(crash.kind) && neighbour !== undefined)
        underWay.set(neighbour, { ...crash, eventId: neighbour.events[0]?.messageId ?? '' });
      return result;
    },
  };
};

/** Like `Promise.all`: the first part that fails ends the wait for the other parts of its group. */
const answeredEarly = (deps: RouterDeps): RouterDeps => {
  const waiting = new Map<string, Set<(error: unknown) => void>>();
  const impatient =
    (send: Destination['send']): Destination['send'] =>
    (message) =>
      new Promise((resolve, reject) => {
        const group = waiting.get(message.groupId) ?? new Set();
        waiting.set(message.groupId, group);
        group.add(reject);
        send(message).then(
          () => {
            group.delete(reject);
            resolve();
          },
          (error: unknown) => {
            for (const fail of group) fail(error);
            group.clear();
          },
        );
      });
  return {
    ...deps,
    destinations: deps.destinations.map((one) => ({ ...one, send: impatient(one.send) })),
  };
};

export const PLANTED_IN_SANDBOX: readonly Planted[] = [
  {
    name: 'progress counts the outputs of an event instead of naming them',
    breaks: 'outputs that a transform returns only at the next attempt are left out',
    bug: counting(),
  },
  {
    name: 'a destination records events as finished before it has delivered them',
    breaks: 'a death in between: lost',
    bug: recordedEarly('destination'),
  },
  {
    name: 'the router records progress before its queues have taken the events',
    breaks: 'a death in between: lost',
    bug: recordedEarly('router'),
  },
  {
    name: 'the time that a transform may take is not counted',
    breaks: 'an event is begun without enough time for the calls after it',
    bug: {
      transforms: (transforms) => ({ ...transforms, timeout: 0 }),
      runner: (deps) => ({
        ...deps,
        time: { ...deps.time, worstCase: deps.time.worstCase - TRANSFORM_TIMEOUT },
      }),
    },
  },
  {
    name: 'a late crash is charged to the event in hand',
    breaks: 'good messages count as poison',
    bug: { transforms: chargedLate },
  },
  {
    name: 'a late crash fails the next probe',
    breaks: 'a healthy stage degrades, which pages',
    bug: {
      transforms: (transforms, thread) => ({
        ...transforms,
        check: async () =>
          thread.late > 0 ? { kind: 'load', error: 'something failed late' } : transforms.check(),
      }),
    },
  },
  {
    name: 'the end of a thread is charged to another event than the one that ended it',
    breaks: 'good messages count as poison',
    bug: { transforms: chargedToNeighbour },
  },
  {
    name: 'the router answers when the first of its sends has failed',
    breaks: 'the others land in the middle of a later invocation: an earlier event arrives after a later one',
    bug: { router: answeredEarly },
  },
];
