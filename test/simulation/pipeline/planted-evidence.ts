/** Planted bugs: the rules of evidence, each of them taken away. `docs/mode-machine.md` has them. */
import { NORMAL, without } from '../../../lambdas/core/mode/record.ts';
import { asOwnTrouble, withoutOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { replaced } from '../../support/ports-gate.ts';
import { MINUTE } from './config.ts';
import {
  controlGoesBy,
  controlSees,
  drainsCount,
  gaugeBy,
  neverOwnWhileRecovering,
  oneTrial,
  provenByTrial,
  read,
  withoutTrials,
} from './evidence-bugs.ts';
import { ROUTER } from './plan.ts';
import type { Planted } from './planted-stores.ts';

/** As deployed: a pause that is longer is that of a relapse. */
const FIRST_PAUSE = 5 * MINUTE;

export const PLANTED_IN_EVIDENCE: readonly Planted[] = [
  {
    name: 'a key that was parked for a crash does not wait',
    breaks:
      'code that fails for all of a few users: all parked, and the stage is normal with nothing delivered',
    bug: { control: controlSees(({ reason }) => asOwnTrouble(reason)) },
  },
  {
    name: 'what the drain of a key in trouble of its own does counts',
    breaks: 'one parked killer keeps a stage degraded beside healthy traffic',
    bug: { runner: drainsCount },
  },
  {
    name: 'a key in trouble of its own waits',
    breaks: 'a stage in which nobody else has anything to do recovers forever',
    bug: { control: controlSees(({ reason }) => withoutOwnTrouble(reason)) },
  },
  {
    name: 'nothing gets through while a stage recovers, and it stays so',
    breaks: 'a stage that nobody invokes recovers forever',
    bug: {
      control: controlGoesBy((own) => (own.mode === 'recovering' ? without(own, 'waitingSince') : own)),
    },
  },
  {
    name: 'what is filtered out is progress while the door is in doubt',
    breaks: 'a filtered event now and then hides a dead destination',
    bug: { world: read((own) => without(own, 'doubtAt')) },
  },
  {
    name: 'a success of a trial is progress of recovering',
    breaks: 'the mapping is broken: normal, with nothing delivered by the queue',
    bug: { runner: provenByTrial },
  },
  {
    name: 'a trial tries one key, and not those first that were not tried yet',
    breaks: 'two bad keys keep a healthy one waiting',
    bug: { runner: oneTrial },
  },
  {
    name: 'the clock of a stage in which nothing gets through does not start when something waits',
    breaks: 'after a quiet night the first failure degrades',
    bug: {
      control: controlGoesBy((own) => (own.waitingSince === undefined ? own : { ...own, waitingSince: 1 })),
    },
  },
  {
    name: 'the clocks of a destination run while the router shuts it',
    breaks: 'an outage of the router pages for every destination',
    bug: {
      control: (deps) => ({
        ...deps,
        modes: replaced(deps.modes, {
          readStored: async (...args) => ({ ...(await deps.modes.readStored(...args)), system: NORMAL }),
        }),
      }),
    },
  },
  {
    name: 'events that are rejected for long do not degrade',
    breaks: 'a destination that answers 400 to everything empties the stream',
    bug: { world: read((own) => without(own, 'rejecting')) },
  },
  {
    name: 'no key comes to be in trouble of its own while a stage recovers',
    breaks: 'a few refused users and sparse traffic: hardly ever normal',
    bug: neverOwnWhileRecovering(),
  },
  {
    name: 'last words tell of the death of a key in trouble of its own',
    breaks: 'one message that ends its process degrades a stage that recovers, again and again',
    bug: {
      heed: (heed) => (words, deps) =>
        heed(words, { ...deps, settings: { ...deps.settings, ownAfter: Infinity } }),
    },
  },
  {
    name: 'a batch that was handed out long before is begun',
    breaks: 'it becomes visible meanwhile, and two functions work on one user',
    bug: {
      hold:
        () =>
        (_, { clock, visibility }) =>
          Promise.resolve(clock() + visibility),
    },
  },
  {
    name: 'the gauge does not stay after a relapse',
    breaks: 'a destination that is up for a minute now and then pages each time',
    bug: { control: gaugeBy(({ mode }) => (mode === 'normal' ? 0 : 1)) },
  },
  {
    name: 'the gauge does not come down after a relapse',
    breaks: 'a page that nobody can believe',
    bug: { control: gaugeBy(({ mode, pause }) => (mode === 'normal' && pause <= FIRST_PAUSE ? 0 : 1)) },
  },
  {
    name: 'a stage becomes normal although its latest probe failed',
    breaks: 'it degrades again at the next one: a page each time',
    bug: {
      control: controlGoesBy((own) => (own.mode === 'recovering' ? { ...own, probeFailures: 0 } : own)),
    },
  },
  {
    name: 'the router is not tried',
    breaks: 'a repaired permission waits for the end of the pause',
    bug: { control: withoutTrials((stage) => stage === ROUTER) },
  },
  {
    name: 'a destination is not tried',
    breaks: 'the end of an outage is seen at the end of the pause',
    bug: { control: withoutTrials((stage) => stage !== ROUTER) },
  },
  {
    name: 'progress is not stored',
    breaks: 'nobody can know that something got through',
    bug: {
      runner: (deps) => ({ ...deps, state: replaced(deps.state, { saveProgress: () => Promise.resolve() }) }),
    },
  },
  {
    name: 'a stage that recovers becomes normal only when there is nothing to do',
    breaks: 'a stage that works stays recovering',
    bug: {
      control: controlGoesBy((own) =>
        own.mode === 'recovering' ? { ...without(own, 'progressInWindow'), windowFrom: Infinity } : own,
      ),
    },
  },
];
