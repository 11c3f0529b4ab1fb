/** Planted bugs: in the stages' functions. */
import { stampOf } from '../../../lambdas/core/stage/attempt-ledger.ts';
import { isShut, type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { replaced } from '../../support/ports-gate.ts';
import type { StageDeps } from './bug.ts';
import { STAGES } from './plan.ts';
import type { Planted } from './planted-stores.ts';

const notTakenBack = (deps: StageDeps): StageDeps => {
  const charges = new Map<string, number>();
  return {
    ...deps,
    state: replaced(deps.state, {
      saveAttempt: async (stage, id, attempt) => {
        const now = attempt.charges ?? 0;
        if (now < (charges.get(id) ?? 0)) return;
        charges.set(id, now);
        await deps.state.saveAttempt(stage, id, attempt);
      },
    }),
  };
};

/** Each delivery counts as an attempt at the message. */
const byReceiveCount = (deps: StageDeps, messages: readonly IncomingMessage[]): StageDeps => ({
  ...deps,
  state: replaced(deps.state, {
    read: async (stage, query) => {
      const state = await deps.state.read(stage, query);
      const stamp = stampOf(state.own.epoch, deps.codeVersion);
      const counted = messages.map(({ id, receiveCount }): [string, Attempt] => [
        id,
        { failures: 0, ...state.attempts.get(id), charges: receiveCount - 1, stamp },
      ]);
      return { ...state, attempts: new Map(counted.filter(([, { charges = 0 }]) => charges > 0)) };
    },
  }),
});

const countedLate = (deps: StageDeps): StageDeps => {
  let late: ModeEvent | undefined;
  let record: ModeRecord = NORMAL;
  return {
    ...deps,
    note: async (event) => {
      if (event.type !== 'redriven') return (record = await deps.note(event));
      late = event;
      return record;
    },
    parking: replaced(deps.parking, {
      touchHead: async (stage, key, touch) => {
        await deps.parking.touchHead(stage, key, touch);
        if (late !== undefined) record = await deps.note(late);
        late = undefined;
      },
    }),
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
    name: 'a finished message is left to the response of the batch',
    breaks: 'a death in between: an earlier event comes again after a later one',
    bug: {
      runner: (deps) => ({ ...deps, queue: replaced(deps.queue, { delete: () => Promise.resolve() }) }),
    },
  },
  {
    name: 'the mode is not read again before a charged attempt and in a drain',
    breaks: 'a degraded stage forwards',
    bug: {
      runner: (deps) => ({
        ...deps,
        readModes: () => Promise.resolve({ own: NORMAL, system: NORMAL, progress: {} }),
      }),
    },
  },
  {
    name: 'a destination does not look at the mode of the system',
    breaks: 'a destination forwards while the router is degraded',
    bug: {
      world: ({ state }) => {
        const read = state.read.bind(state);
        state.read = async (...args) => ({ ...(await read(...args)), system: NORMAL });
      },
    },
  },
  {
    name: 'the visibility timeout is shorter than the function may run',
    breaks: 'two functions work on one user',
    bug: { visibility: 10 },
  },
  {
    name: 'a shut stage does not spill what SQS will delete',
    breaks: 'after 14 days it is lost',
    // What is handed out is parked at its 500th receive at the latest: so nothing is handed out.
    bug: {
      control: (deps) => ({
        ...deps,
        mappings: replaced(deps.mappings, {
          update: async (id, change) => {
            const modes = await deps.modes.readModes(STAGES);
            return change.enabled && modes.some((mode) => isShut([mode]))
              ? true
              : deps.mappings.update(id, change);
          },
        }),
      }),
    },
  },
];
