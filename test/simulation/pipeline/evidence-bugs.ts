/** How rules of evidence are disabled: by replacing what a function reads or gets. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import { withoutOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import type { HeadSummary } from '../../../lambdas/core/stage/parking-port.ts';
import { replaced } from '../../support/ports-gate.ts';
import { withPorts, type Bug } from './bug.ts';
import { SECOND } from './config.ts';
import type { StageId } from './plan.ts';
import type { World } from './world.ts';

/** All functions read this instead of a stage's mode. */
export const read =
  (seen: (own: ModeRecord) => ModeRecord): NonNullable<Bug['world']> =>
  ({ state }: World) => {
    const [readStored, readAll] = [state.readStored.bind(state), state.read.bind(state)];
    state.readStored = async (...args) => {
      const stored = await readStored(...args);
      return { ...stored, own: seen(stored.own) };
    };
    state.read = async (...args) => {
      const stored = await readAll(...args);
      return { ...stored, own: seen(stored.own) };
    };
  };

/** The evidence that the mode machine uses in a run of control. */
export const controlGoesBy =
  (seen: (own: ModeRecord) => ModeRecord): NonNullable<Bug['control']> =>
  (deps) => ({
    ...deps,
    modes: replaced(deps.modes, {
      readStored: async (...args) => {
        const stored = await deps.modes.readStored(...args);
        return { ...stored, own: seen(stored.own) };
      },
    }),
  });

/** The parked keys as control sees them. */
export const controlSees =
  (seen: (head: HeadSummary, now: number) => Partial<HeadSummary>): NonNullable<Bug['control']> =>
  (deps) => ({
    ...deps,
    parking: replaced(deps.parking, {
      heads: async (...args) => {
        const { heads, ...rest } = await deps.parking.heads(...args);
        return { ...rest, heads: heads.map((head) => ({ ...head, ...seen(head, deps.clock()) })) };
      },
    }),
  });

/** Drains do not know that a key is in own trouble. */
export const drainsCount = (deps: RunnerDeps): RunnerDeps =>
  withPorts(deps, {
    parking: replaced(deps.ports.parking, {
      readHead: async (...args) => {
        const head = await deps.ports.parking.readHead(...args);
        return head === undefined ? undefined : { ...head, reason: withoutOwnTrouble(head.reason) };
      },
      setReason: () => Promise.resolve(false),
    }),
  });

export const provenByTrial = (deps: RunnerDeps): RunnerDeps => ({
  ...deps,
  mode: {
    ...deps.mode,
    note: async (event) => {
      const { stage, ports, mode, time } = deps;
      const after = await mode.note(event);
      if (event.type !== 'tried' || after.mode !== 'recovering') return after;
      await ports.state.saveProgress(stage.name, { deliveredAt: time.clock() });
      await mode.note({ type: 'invoked', epoch: after.epoch });
      return mode.note({ type: 'progress', epoch: after.epoch, delivered: true });
    },
  },
});

/** In trouble an environment writes progress at most once a second, whatever it wrote last. */
export const writesOncePerSecond = (deps: RunnerDeps): RunnerDeps => {
  const { progressNote } = deps.mode;
  if (Object.hasOwn(progressNote, 'take')) return deps;
  const take = progressNote.take.bind(progressNote);
  let triedAt = -Infinity;
  progressNote.take = (record, stored, now) => {
    if (now - triedAt < SECOND) return undefined;
    const taken = take(record, stored, now);
    if (taken !== undefined) triedAt = now;
    return taken;
  };
  return deps;
};

/** Only the longest waiting message of each trial. */
export const oneTrial = (deps: RunnerDeps): RunnerDeps => {
  let tried = false;
  const { ports, time } = deps;
  const given = { ...deps, time: { ...time, timeLeft: () => (tried ? 0 : time.timeLeft()) } };
  return withPorts(given, {
    process: async (message, processing) => {
      const outcome = await ports.process(message, processing);
      tried = processing.isTrial;
      return outcome;
    },
    state: replaced(ports.state, {
      read: async (...args) => {
        const state = await ports.state.read(...args);
        const attempts = [...state.attempts].map(([id, attempt]) => {
          const rest = { ...attempt };
          Reflect.deleteProperty(rest, 'trial');
          return [id, rest] as const;
        });
        return { ...state, attempts: new Map(attempts) };
      },
    }),
    parking: replaced(ports.parking, {
      heads: async (...args) => {
        const { heads, ...rest } = await ports.parking.heads(...args);
        return { ...rest, heads: heads.map((head) => ({ ...head, triedEpoch: -1 })) };
      },
    }),
  });
};

/** While recovering, no key is parked for own trouble. */
export const neverOwnWhileRecovering = (): Bug => {
  let modeOf: (stage: string) => ModeRecord = () => NORMAL;
  return {
    world: ({ state }) => {
      modeOf = (stage) => state.mode(stage);
    },
    runner: (deps) => {
      const { ownAfter } = deps.settings;
      const settings = {
        ...deps.settings,
        get ownAfter() {
          return modeOf(deps.stage.name).mode === 'recovering' ? Infinity : ownAfter;
        },
      };
      return { ...deps, settings };
    },
  };
};

export const gaugeBy =
  (value: (record: ModeRecord) => number): NonNullable<Bug['control']> =>
  (deps) => ({
    ...deps,
    metrics: replaced(deps.metrics, {
      put: async (data) => {
        const named = data.map(async (datum) => {
          const stage = datum.dimensions['Stage'];
          if (datum.name !== 'DegradedMode' || stage === undefined) return datum;
          const mode = (await deps.modes.readModes([stage])).get(stage) ?? NORMAL;
          return { ...datum, value: value(mode) };
        });
        await deps.metrics.put(await Promise.all(named));
      },
    }),
  });

export const withoutTrials =
  (of: (stage: StageId) => boolean): NonNullable<Bug['control']> =>
  (deps: ControlDeps) => ({
    ...deps,
    functions: replaced(deps.functions, {
      startTrial: (name) => (of(name as StageId) ? Promise.resolve() : deps.functions.startTrial(name)),
    }),
  });
