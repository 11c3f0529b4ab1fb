/** How rules of evidence are taken away: what a function reads, or is given, is replaced. */
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import { withoutOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import type { HeadSummary } from '../../../lambdas/core/stage/parking-port.ts';
import { replaced } from '../../support/ports-gate.ts';
import type { Bug, StageDeps } from './bug.ts';
import type { StageId } from './plan.ts';
import type { World } from './world.ts';

/** All functions read this in place of a stage's mode. */
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

/** What the mode machine goes by in a run of control. */
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

/** Control sees the reasons of parked keys so. */
export const controlSees =
  (reason: (head: HeadSummary) => string): NonNullable<Bug['control']> =>
  (deps) => ({
    ...deps,
    parking: replaced(deps.parking, {
      heads: async (...args) => {
        const { heads, ...rest } = await deps.parking.heads(...args);
        return { ...rest, heads: heads.map((head) => ({ ...head, reason: reason(head) })) };
      },
    }),
  });

/** Drains do not know that a key is in trouble of its own. */
export const drainsCount = (deps: StageDeps): StageDeps => ({
  ...deps,
  parking: replaced(deps.parking, {
    readHead: async (...args) => {
      const head = await deps.parking.readHead(...args);
      return head === undefined ? undefined : { ...head, reason: withoutOwnTrouble(head.reason) };
    },
    setReason: () => Promise.resolve(false),
  }),
});

export const provenByTrial = (deps: StageDeps): StageDeps => ({
  ...deps,
  note: async (event) => {
    const after = await deps.note(event);
    if (event.type !== 'tried' || after.mode !== 'recovering') return after;
    await deps.state.saveProgress(deps.stage, { deliveredAt: deps.clock() });
    await deps.note({ type: 'invoked', epoch: after.epoch });
    return deps.note({ type: 'progress', epoch: after.epoch, delivered: true });
  },
});

/** Of each trial, the message alone that waits longest. */
export const oneTrial = (deps: StageDeps): StageDeps => {
  let tried = false;
  return {
    ...deps,
    timeLeft: () => (tried ? 0 : deps.timeLeft()),
    process: async (message, processing) => {
      const outcome = await deps.process(message, processing);
      tried = processing.isTrial;
      return outcome;
    },
    state: replaced(deps.state, {
      read: async (...args) => {
        const state = await deps.state.read(...args);
        const attempts = [...state.attempts].map(([id, attempt]) => {
          const rest = { ...attempt };
          Reflect.deleteProperty(rest, 'trial');
          return [id, rest] as const;
        });
        return { ...state, attempts: new Map(attempts) };
      },
    }),
    parking: replaced(deps.parking, {
      heads: async (...args) => {
        const { heads, ...rest } = await deps.parking.heads(...args);
        return { ...rest, heads: heads.map((head) => ({ ...head, triedEpoch: -1 })) };
      },
    }),
  };
};

/** In recovering nothing is parked for being in trouble of its own. */
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
          return modeOf(deps.stage).mode === 'recovering' ? Infinity : ownAfter;
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
          const [mode = NORMAL] = await deps.modes.readModes([stage]);
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
