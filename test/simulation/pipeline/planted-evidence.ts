/** Planted bugs: each disables one of the rules of evidence in `docs/mode-machine.md`. */
import { NORMAL, without } from '../../../lambdas/core/mode/record.ts';
import { asOwnTrouble, withoutOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { replaced } from '../../support/ports-gate.ts';
import { MINUTE } from './config.ts';
import { withPorts } from './bug.ts';
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
  writesOncePerSecond,
} from './evidence-bugs.ts';
import { ROUTER } from './plan.ts';
import type { Planted } from './planted-stores.ts';
import { BREAKS_WHILE_RECOVERING, FROZEN_WITH_PROGRESS } from './stories.ts';

/** As deployed: a longer pause is that of a relapse. */
const FIRST_PAUSE = 5 * MINUTE;

export const PLANTED_IN_EVIDENCE: readonly Planted[] = [
  {
    name: 'a key that was parked for a crash does not wait',
    breaks:
      'code that fails on every event of a few users: all are parked, and the stage is normal with nothing delivered',
    bug: { control: controlSees(({ reason }) => ({ reason: asOwnTrouble(reason) })) },
  },
  {
    name: 'the drain of a key in own trouble counts',
    breaks: 'one parked event that kills its process keeps a stage degraded in spite of healthy traffic',
    bug: { runner: drainsCount },
  },
  {
    name: 'a key in own trouble counts as waiting',
    breaks: 'a stage without other work recovers forever',
    bug: { control: controlSees(({ reason }) => ({ reason: withoutOwnTrouble(reason) })) },
  },
  {
    name: 'a stage that recovers without progress does not degrade',
    breaks: 'a stage that is not invoked recovers forever',
    bug: {
      control: controlGoesBy((own) => (own.mode === 'recovering' ? without(own, 'waitingSince') : own)),
    },
  },
  {
    name: 'a filtered event is progress although the last delivery failed',
    breaks: 'an occasional filtered event hides a dead destination',
    bug: { world: read((own) => without(own, 'doubtAt')) },
  },
  {
    name: 'the success of a trial counts as progress while recovering',
    breaks: 'the mapping is broken: normal, with nothing delivered by the queue',
    bug: { runner: provenByTrial },
  },
  {
    name: 'what the mapping handed out before it broke ends the recovery',
    breaks: 'the mapping breaks while the stage recovers: normal, while nothing is handed out',
    bug: {
      control: controlGoesBy((own) =>
        own.mode === 'recovering' && own.proven ? { ...own, invoked: true } : own,
      ),
    },
    plan: BREAKS_WHILE_RECOVERING,
  },
  {
    name: 'progress made long before is written, and what comes a moment later is not',
    breaks: 'an environment is frozen with newer progress: the stage degrades although something got through',
    bug: { runner: writesOncePerSecond },
    plan: FROZEN_WITH_PROGRESS,
  },
  {
    name: 'a trial tries one key, and does not begin with keys that were not tried yet',
    breaks: 'two bad keys keep a healthy one waiting',
    bug: { runner: oneTrial },
  },
  {
    name: 'the clock of a stage without progress does not start when something waits',
    breaks: 'after a quiet night the first failure degrades',
    bug: {
      control: controlGoesBy((own) => (own.waitingSince === undefined ? own : { ...own, waitingSince: 1 })),
    },
  },
  {
    name: 'the clocks of a destination run while the router blocks it',
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
    name: 'events that are rejected for a long time do not degrade the stage',
    breaks: 'a destination that answers 400 to everything has the whole stream rejected',
    bug: { world: read((own) => without(own, 'rejecting')) },
  },
  {
    name: 'no key gets into own trouble while a stage recovers',
    breaks: 'with a few refused users and sparse traffic the stage is hardly ever normal',
    bug: neverOwnWhileRecovering(),
  },
  {
    name: 'last words count the death of a key in own trouble',
    breaks: 'one message that kills its process repeatedly degrades a recovering stage',
    bug: {
      heed: (heed) => (words, deps) =>
        heed(words, { ...deps, settings: { ...deps.settings, ownAfter: Infinity } }),
    },
  },
  {
    name: 'a batch that was handed out long ago is begun',
    breaks: 'it becomes visible in the meantime, and two functions work on one user',
    bug: {
      hold:
        () =>
        (_, { time, visibility }) =>
          Promise.resolve(time.clock() + visibility),
    },
  },
  {
    name: 'the gauge does not stay after a relapse',
    breaks: 'a destination that comes up for a minute from time to time pages each time',
    bug: { control: gaugeBy(({ mode }) => (mode === 'normal' ? 0 : 1)) },
  },
  {
    name: 'the gauge does not come down after a relapse',
    breaks: 'a page that is not true',
    bug: { control: gaugeBy(({ mode, pause }) => (mode === 'normal' && pause <= FIRST_PAUSE ? 0 : 1)) },
  },
  {
    name: 'only redrives page for users who are parked while their stage is normal',
    breaks: 'many poison users among many good ones are parked one after the other without a page',
    bug: { control: controlSees(() => ({ parkedAt: 0 })) },
  },
  {
    name: 'users who were parked long ago page like those who are parked now',
    breaks: 'a page that lasts until each of them is discarded',
    bug: { control: controlSees((_, now) => ({ parkedAt: now })) },
  },
  {
    name: 'a stage becomes normal although its latest probe failed',
    breaks: 'it degrades again at the next probe: a page each time',
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
    breaks: 'the end of an outage is noticed only at the end of the pause',
    bug: { control: withoutTrials((stage) => stage !== ROUTER) },
  },
  {
    name: 'progress is not stored',
    breaks: 'control cannot know that something got through',
    bug: {
      runner: (deps) =>
        withPorts(deps, { state: replaced(deps.ports.state, { saveProgress: () => Promise.resolve() }) }),
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
