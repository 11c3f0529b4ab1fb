/** Planted bugs: in messages that are worked on as one. */
import type { Outcome, ProcessUnit } from '../../../lambdas/core/stage/outcome.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import { replaced } from '../../support/ports-gate.ts';
import { withPorts } from './bug.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Planted } from './planted-stores.ts';

/** A unit that is refused is sent event by event, and then only its first message is taken. */
const REFUSED = SCENARIOS.find(({ name }) => name.includes('several at a time'));
if (REFUSED === undefined) throw new Error('no scenario is about several messages at a time');

const DONE: Outcome = { kind: 'done', shown: { delivered: 1, filtered: 0, rejected: 0 } };

const withUnit = (deps: RunnerDeps, change: (unit: ProcessUnit) => ProcessUnit): RunnerDeps => {
  const { process } = deps.ports;
  const { unit } = process;
  if (unit === undefined) return deps;
  const one: typeof process = (message, processing) => process(message, processing);
  return withPorts(deps, { process: Object.assign(one, { unit: change(unit) }) });
};

/** Deletes the messages of a unit from the last to the first. */
const newestFirst = (deps: RunnerDeps): RunnerDeps => {
  let sorts: string[] = [];
  const { parking } = deps.ports;
  const told = withUnit(deps, (unit) => async (messages, processing) => {
    const outcomes = await unit(messages, processing);
    const done = outcomes.filter(({ kind }) => kind === 'done').length;
    sorts = messages.slice(0, done).map(sortOf).reverse();
    return outcomes;
  });
  return withPorts(told, {
    parking: replaced(parking, {
      deleteMessage: (stage, key, sort) => parking.deleteMessage(stage, key, sorts.shift() ?? sort),
    }),
  });
};

/** Nothing is deleted before the batch's response, whatever happens to a later message of its key. */
const neverEarly = (deps: RunnerDeps): RunnerDeps => {
  const { process, queue } = deps.ports;
  if (process.isRepeatable !== true) return deps;
  return withPorts(deps, {
    queue: replaced(queue, {
      delete: (message) => (message.receiveCount === 1 ? Promise.resolve() : queue.delete(message)),
    }),
  });
};

export const PLANTED_IN_UNITS: readonly Planted[] = [
  {
    name: 'what the router has done is not deleted before a later message is parked',
    breaks: 'a death before the response: it is parked behind what may have been delivered',
    bug: { runner: neverEarly },
  },
  {
    name: 'the messages of a unit are deleted from the last to the first',
    breaks: 'a death in between: the first ones are delivered again, and not the last',
    bug: { runner: newestFirst },
  },
  {
    name: 'a unit counts as done although only its first messages are',
    breaks: 'the rest of it is lost',
    plan: REFUSED,
    bug: {
      runner: (deps) =>
        withUnit(deps, (unit) => async (messages, processing) => {
          const outcomes = await unit(messages, processing);
          return outcomes.map(() => DONE);
        }),
    },
  },
  {
    name: 'messages that a unit has left out count as done',
    breaks: 'they are lost',
    bug: {
      runner: (deps) =>
        withUnit(deps, (unit) => async (messages, processing) => {
          const outcomes = await unit(messages, processing);
          return messages.map((_, i) => outcomes[i] ?? DONE);
        }),
    },
  },
  {
    name: 'what of a unit is done counts although a message before it is not',
    breaks: 'later events overtake it',
    plan: REFUSED,
    bug: {
      runner: (deps) =>
        withUnit(deps, (unit) => async ([first, ...others], processing) => {
          const [outcome = DONE] = first === undefined ? [] : await unit([first], processing);
          const [second] = others;
          if (second === undefined || outcome.kind === 'done') return [outcome];
          await unit([second], processing);
          return [outcome];
        }),
    },
  },
];
