/** Planted bugs: in the stages' functions. */
import { stampOf } from '../../../lambdas/core/stage/attempt-ledger.ts';
import { isBlocked, type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { replaced } from '../../support/ports-gate.ts';
import { withPorts } from './bug.ts';
import { STAGES } from './plan.ts';
import type { Planted } from './planted-stores.ts';
import { BUSY_WHILE_BLOCKED } from './stories.ts';

const notTakenBack = (deps: RunnerDeps): RunnerDeps => {
  const charges = new Map<string, number>();
  return withPorts(deps, {
    state: replaced(deps.ports.state, {
      saveAttempt: async (stage, id, attempt) => {
        const now = attempt.charges ?? 0;
        if (now < (charges.get(id) ?? 0)) return;
        charges.set(id, now);
        await deps.ports.state.saveAttempt(stage, id, attempt);
      },
    }),
  });
};

/** Each delivery counts as an attempt at the message. */
const byReceiveCount = (deps: RunnerDeps, messages: readonly IncomingMessage[]): RunnerDeps =>
  withPorts(deps, {
    state: replaced(deps.ports.state, {
      read: async (stage, query) => {
        const state = await deps.ports.state.read(stage, query);
        const stamp = stampOf(state.own.epoch, deps.stage.codeVersion);
        const counted = messages.map(({ id, receiveCount }): [string, Attempt] => [
          id,
          { failures: 0, ...state.attempts.get(id), charges: receiveCount - 1, stamp },
        ]);
        return { ...state, attempts: new Map(counted.filter(([, { charges = 0 }]) => charges > 0)) };
      },
    }),
  });

const countedLate = (deps: RunnerDeps): RunnerDeps => {
  let late: ModeEvent | undefined;
  let record: ModeRecord = NORMAL;
  return {
    ...deps,
    mode: {
      ...deps.mode,
      note: async (event) => {
        if (event.type !== 'redriven') return (record = await deps.mode.note(event));
        late = event;
        return record;
      },
    },
    ports: {
      ...deps.ports,
      parking: replaced(deps.ports.parking, {
        touchHead: async (stage, key, touch) => {
          await deps.ports.parking.touchHead(stage, key, touch);
          if (late !== undefined) record = await deps.mode.note(late);
          late = undefined;
        },
      }),
    },
  };
};

export const PLANTED_IN_STAGES: readonly Planted[] = [
  {
    name: 'a charge is not taken back when AWS or the destination fails',
    breaks: 'good messages count as poison',
    bug: { runner: notTakenBack },
  },
  {
    name: 'the receive count stands in for the ledger',
    breaks: 'good messages count as poison',
    bug: { runner: byReceiveCount },
  },
  {
    name: 'a redrive is counted after the message is parked',
    breaks: 'a death in between: it is never counted',
    bug: { runner: countedLate },
  },
  {
    name: 'a finished message is deleted only by the response of the batch',
    breaks: 'a death in between: an earlier event is redelivered after a later one',
    bug: {
      runner: (deps) =>
        withPorts(deps, { queue: replaced(deps.ports.queue, { delete: () => Promise.resolve() }) }),
    },
  },
  {
    name: 'the mode is not read again before a charged attempt and in a drain',
    breaks: 'a degraded stage forwards',
    bug: {
      runner: (deps) => ({
        ...deps,
        mode: {
          ...deps.mode,
          readModes: () => Promise.resolve({ own: NORMAL, system: NORMAL, progress: {} }),
        },
      }),
    },
  },
  {
    name: 'a destination ignores the mode of the system',
    breaks: 'a destination forwards while the router is degraded',
    bug: {
      world: ({ state }) => {
        const read = state.read.bind(state);
        state.read = async (...args) => ({ ...(await read(...args)), system: NORMAL });
      },
    },
    plan: BUSY_WHILE_BLOCKED,
  },
  {
    name: 'the visibility timeout is shorter than the function may run',
    breaks: 'two functions work on one user',
    bug: { visibility: 10 },
  },
  {
    name: 'a blocked stage does not spill what SQS will delete',
    breaks: 'after 14 days it is lost',
    // A message that is handed out is parked at its 500th receive at the latest, so nothing is handed out.
    bug: {
      control: (deps) => ({
        ...deps,
        mappings: replaced(deps.mappings, {
          update: async (id, change) => {
            const modes = await deps.modes.readModes(STAGES);
            return change.enabled && isBlocked([...modes.values()]) ? true : deps.mappings.update(id, change);
          },
        }),
      }),
    },
  },
];
