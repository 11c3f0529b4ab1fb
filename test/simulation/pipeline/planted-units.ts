/** Planted bugs: in messages that are worked on as one. */
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Outcome, Process, ProcessUnit } from '../../../lambdas/core/stage/outcome.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import { replaced } from '../../support/ports-gate.ts';
import { withPorts } from './bug.ts';
import { MINUTE, SECOND } from './config.ts';
import { NO_RATES, type Plan } from './plan.ts';
import { PLAIN, scenario, SCENARIOS, send } from './scenarios.ts';
import type { Planted } from './planted-stores.ts';

/** A unit that is refused is sent event by event, and then only its first message is taken. */
const REFUSED = SCENARIOS.find(({ name }) => name.includes('drained several at a time'));
if (REFUSED === undefined) throw new Error('no scenario is about several messages at a time');

/** A queue has a backlog of one user again and again, and one call in twenty ends the process that makes it. */
const BACKLOGS: Plan = {
  ...scenario(
    'backlogs in a queue, worked on several at a time by functions that die',
    95 * MINUTE,
    [0, 15, 30, 45, 60, 75].flatMap((minute) => [
      { at: minute * MINUTE, do: 'operator', command: 'hold', stage: 'lake' } as const,
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => send((minute + 4) * MINUTE + second * SECOND, 0, PLAIN)),
      { at: (minute + 6) * MINUTE, do: 'operator', command: 'resume', stage: 'lake' } as const,
    ]),
  ),
  rates: { ...NO_RATES, die: 0.05 },
};

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

/** Deletes what is done of a unit of the queue from the last to the first. */
const newestOfTheQueueFirst = (deps: RunnerDeps): RunnerDeps => {
  const { queue } = deps.ports;
  let instead = new Map<string, IncomingMessage>();
  const told = withUnit(deps, (unit) => async (messages, processing) => {
    const outcomes = await unit(messages, processing);
    const done = messages.slice(0, outcomes.filter(({ kind }) => kind === 'done').length);
    // The last one is left to the response.
    const deleted = done.length === messages.length ? done.slice(0, -1) : done;
    instead = new Map(deleted.map(({ id }, i) => [id, deleted[deleted.length - 1 - i]] as never));
    return outcomes;
  });
  return withPorts(told, {
    queue: replaced(queue, { delete: (message) => queue.delete(instead.get(message.id) ?? message) }),
  });
};

/** Nothing is deleted before the batch's response, whatever happens to a later message of its key. */
const neverEarly = (deps: RunnerDeps, isMeant: (process: Process) => boolean): RunnerDeps => {
  const { process, queue } = deps.ports;
  if (!isMeant(process)) return deps;
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
    bug: { runner: (deps) => neverEarly(deps, ({ isRepeatable }) => isRepeatable === true) },
  },
  {
    name: 'what is done of a unit of the queue is not deleted before what is behind it',
    breaks: 'a death before the response: it is delivered again behind later events',
    bug: { runner: (deps) => neverEarly(deps, ({ unit }) => unit !== undefined) },
  },
  {
    name: 'the messages of a unit of the queue are deleted from the last to the first',
    breaks: 'a death in between: the first ones are delivered again, and not the last',
    plan: BACKLOGS,
    bug: { runner: newestOfTheQueueFirst },
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
