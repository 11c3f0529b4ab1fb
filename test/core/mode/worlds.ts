/**
 * Every state that a stage can reach, with small numbers: two redrives or failures are enough, and time passes in steps of half an
 * hour, which is control's minute, the window and the first pause; a stall takes two of them. States with the same future are visited
 * once; each search is complete. All kinds of events together would be too many states, so each world has those of one subject.
 *
 * The only effect of the system on a destination is that it blocks it, so the search blocks and unblocks at any time.
 */
import type { ModeSettings } from '../../../lambdas/core/mode/machine.ts';
import { Pair } from './pair.ts';
import { VERSION, type Step } from './steps.ts';
import { HOUR } from '../../support/mode-settings.ts';

export const UNIT = HOUR / 2;
export const SMALL: ModeSettings = {
  redriveThreshold: 2,
  redriveShare: 0.5,
  window: UNIT,
  pause: UNIT,
  maxPause: 2 * UNIT,
  recoverAfter: 2,
  breakerFailures: 2,
  breakerTime: UNIT,
  stallAfter: 2 * UNIT,
  spillAfter: 3 * UNIT,
  minute: UNIT,
};

const WAIT: Step = { do: 'wait', time: UNIT };
const DELIVERED: Step = { do: 'delivered' };
const FILTERED: Step = { do: 'filtered' };
const QUEUED: Step = { do: 'look', waits: 'queue' };
const PARKED: Step = { do: 'look', waits: 'parked' };
const QUIET: Step = { do: 'look', waits: 'nothing' };
const TRIED: Step = { do: 'tried', delivered: true };
/** Made half a minute ago, stored only now, and not reported: only a rule that reads the stored progress sees it. */
const LATE: Step = { do: 'remembered', what: 'delivered', ago: UNIT / 2 };
const LATE_FILTERED: Step = { do: 'remembered', what: 'filtered', ago: UNIT / 2 };
const A_MINUTE_LATE: Step = { do: 'remembered', what: 'delivered', ago: UNIT };
const SAME: Step = { do: 'look', probe: { answered: true, version: VERSION } };
const OTHER: Step = { do: 'look', probe: { answered: true, version: 'v2' } };
const UNANSWERED: Step = { do: 'look', probe: { answered: false, version: VERSION } };
export interface World {
  readonly steps: readonly Step[];
  /** With fewer states than this, the search has missed something. */
  readonly atLeast: number;
}

export const WORLDS: Record<string, World> = {
  'crashes, deaths and redrives': {
    steps: [
      WAIT,
      DELIVERED,
      { do: 'redriven', id: 'a' },
      { do: 'redriven', id: 'b', processed: 5 },
      { do: 'died', id: 'a' },
      { do: 'died', id: 'b' },
      { do: 'crashed' },
      TRIED,
    ],
    atLeast: 3_000,
  },
  'failures, rejections and filtered events': {
    steps: [
      WAIT,
      DELIVERED,
      FILTERED,
      { do: 'failed', key: 'a' },
      { do: 'rejected', key: 'b' },
      { do: 'tried', delivered: false },
      PARKED,
    ],
    atLeast: 6_000,
  },
  probes: {
    steps: [
      WAIT,
      DELIVERED,
      SAME,
      OTHER,
      UNANSWERED,
      { do: 'look', probe: { answered: false, version: '' } },
      QUIET,
    ],
    atLeast: 3_000,
  },
  'what waits': {
    steps: [
      WAIT,
      DELIVERED,
      FILTERED,
      A_MINUTE_LATE,
      { do: 'drained' },
      { do: 'attempted' },
      TRIED,
      QUEUED,
      QUIET,
      { do: 'look', waits: 'own' },
      { do: 'look' },
    ],
    atLeast: 800,
  },
  'progress that is stored late, and resets earlier counts': {
    steps: [
      WAIT,
      LATE,
      LATE_FILTERED,
      { do: 'died', id: 'a' },
      { do: 'died', id: 'b' },
      { do: 'failed', key: 'a' },
      { do: 'rejected', key: 'b' },
      TRIED,
    ],
    atLeast: 1_500,
  },
  'a stage that is blocked by the system': {
    steps: [WAIT, DELIVERED, { do: 'failed', key: 'a' }, QUEUED, { do: 'block' }, { do: 'unblock' }],
    atLeast: 4_000,
  },
  'a stage that is held while events are rejected and code is deployed': {
    steps: [WAIT, DELIVERED, { do: 'rejected', key: 'a' }, OTHER, { do: 'hold' }, { do: 'resume' }],
    atLeast: 4_000,
  },
  'a stage that is blocked by the system while the door is in doubt': {
    steps: [WAIT, FILTERED, { do: 'failed', key: 'a' }, PARKED, { do: 'block' }, { do: 'unblock' }],
    atLeast: 4_000,
  },
};

/** Breadth first, so that a violation is found by its shortest scenario: each step compares machine and oracle. */
export const explore = ({ steps }: World): readonly Pair[] => {
  const states = [Pair.begin(SMALL, true)];
  const seen = new Set(states.map((state) => state.key()));
  // The list grows while it is gone through.
  for (const state of states) {
    for (const step of steps) {
      const next = state.clone().step(step);
      const key = next.key();
      if (seen.has(key)) continue;
      seen.add(key);
      states.push(next);
    }
  }
  return states;
};
