/** What happens next to a stage: for pages, `status` and the console. Pure; it repeats no decision, it only says when one is due. */
import { isUnreadable } from './record.ts';
import { stalledFrom } from './minute.ts';
import { elapsed } from './clocks.ts';
import { gaugeOf, inWords, isStopped, lastProgress, type Situation } from './transitions.ts';
import { isFed } from './trouble.ts';

/** `text`: a clause without its time, which the reader's tool adds. `at`: milliseconds since 1970. */
export interface NextStep {
  readonly text: string;
  readonly at?: number;
}

/** Keys that one trial tries at most. */
const TRIAL_KEYS = 10;

/** @returns the most important first; empty when nothing is expected */
export const outlook = (situation: Situation): readonly NextStep[] => {
  const { own, system } = situation;
  if (own.newer !== undefined)
    return [{ text: 'the version of Sluice that wrote the stored mode must be deployed again' }];
  if (isUnreadable(own)) return [{ text: 'an operator must resume it: the stored mode cannot be read' }];
  if (own.held) return [{ text: 'an operator must resume it: it is held' }];
  // An announcement knows only the stage's own record: there, clocks that stand still say that the router blocks it.
  if (isStopped(situation) || (system === undefined && own.frozenAt !== undefined))
    return [{ text: 'it waits for the router, which blocks every destination' }];
  switch (own.mode) {
    case 'degraded':
      return afterDegraded(situation);
    case 'recovering':
      return afterRecovering(situation);
    case 'normal':
      return afterNormal(situation);
  }
};

const afterDegraded = ({ own, now, settings }: Situation): readonly NextStep[] => [
  {
    text:
      `every ${interval(settings.minute)} a trial of up to ${TRIAL_KEYS} waiting users: ` +
      'the first event that gets through starts the recovery',
  },
  own.probeFailures > 0
    ? { text: 'the pause does not end before the function answers a probe' }
    : {
        text: 'the pause ends, and recovery starts',
        ...(own.pauseUntil > now ? { at: own.pauseUntil } : { at: now }),
      },
  { text: 'other code starts the recovery as soon as it answers a probe' },
];

/** "every minute", and not "every 1 minute". */
const interval = (milliseconds: number): string => inWords(milliseconds).replace(/^1 /, '');

const afterRecovering = (situation: Situation): readonly NextStep[] => {
  const { own, now, settings } = situation;
  const { troubleFrom, probeFailures, proven, windowFrom } = own;
  const waitsForMapping = proven && !isFed(situation) && elapsed(situation, windowFrom) >= settings.window;
  const inTrouble = troubleFrom !== undefined && troubleFrom >= lastProgress(situation);
  return [
    ...(inTrouble
      ? [
          {
            text: 'degraded again, if it still fails and nothing has got through',
            at: Math.max(now, troubleFrom + settings.breakerTime),
          },
        ]
      : []),
    ...(probeFailures > 0 ? [{ text: 'not normal before the function answers a probe' }] : []),
    ...(waitsForMapping ? afterWindow(situation) : inWindow(situation)),
  ];
};

const inWindow = ({ own, now, settings }: Situation): readonly NextStep[] => [
  {
    text: 'its window ends: normal, if something got through in it or nothing was left to do',
    at: Math.max(now, own.windowFrom + settings.window),
  },
  {
    text: `normal earlier, after ${settings.recoverAfter} messages that got through: ${own.successes} so far`,
  },
];

const afterWindow = (situation: Situation): readonly NextStep[] => {
  const { now, settings } = situation;
  const from = stalledFrom(situation);
  return [
    { text: 'its window is over: normal once the mapping of its queue hands messages to the function' },
    ...(from === undefined
      ? []
      : [{ text: 'degraded again, if nothing gets through', at: Math.max(now, from + settings.stallAfter) }]),
  ];
};

const afterNormal = (situation: Situation): readonly NextStep[] => {
  const { own, now } = situation;
  const flip = nextFlip(situation);
  return [
    ...(flip === undefined
      ? []
      : [{ text: 'degraded at the latest, if nothing has got through by then', at: Math.max(now, flip) }]),
    ...(own.probeFailures > 0
      ? [{ text: 'degraded, if another probe fails and nothing has got through since the one before' }]
      : []),
    ...redriveSteps(situation),
    ...pageSteps(situation),
  ];
};

/** After a relapse its page stays open for as long as its last pause; and if work waits, until something gets through. */
const pageSteps = ({ own, now }: Situation): readonly NextStep[] => {
  if (gaugeOf(own, now) === 0) return [];
  const at = own.since + own.pause;
  return at > now
    ? [{ text: 'its page resolves, if it stays normal', at }]
    : [{ text: 'its page resolves when something gets through' }];
};

/** Two runs of control: that long nothing gets through in health too, as `PROGRESS` is written once a minute. */
const QUIET_MINUTES = 2;

/** When a stage that shows trouble is degraded at the latest, if nothing gets through. */
const nextFlip = (situation: Situation): number | undefined => {
  const { own, now, settings, progress } = situation;
  const since = lastProgress(situation);
  const { failing, rejecting, waitingSince } = own;
  // Of fewer failures it is not known when there will be as many.
  const isBroken = failing !== undefined && failing.since >= since && failing.keys.length > 1;
  const breaker =
    isBroken && failing.count >= settings.breakerFailures ? [failing.since + settings.breakerTime] : [];
  const rejected =
    rejecting !== undefined && rejecting.since >= (progress.deliveredAt ?? 0)
      ? [rejecting.since + settings.stallAfter]
      : [];
  const from = stalledFrom(situation) ?? Math.max(since, own.since, own.releasedAt ?? 0);
  const isQuiet = now - from > QUIET_MINUTES * settings.minute;
  const isOpen =
    isQuiet || (failing !== undefined && failing.since >= since) || own.deaths.some(({ at }) => at >= since);
  const stalled = waitingSince !== undefined && isOpen ? [from + settings.stallAfter] : [];
  const times = [...breaker, ...rejected, ...stalled];
  return times.length === 0 ? undefined : Math.min(...times);
};

const redriveSteps = ({ own, now, settings }: Situation): readonly NextStep[] => {
  const redrives = own.redrives.filter(({ at }) => now - at <= settings.window).length;
  if (redrives === 0) return [];
  const left = settings.redriveThreshold - redrives;
  if (left <= 0) {
    const share = `${Math.round(settings.redriveShare * 1_000) / 10} %`;
    return [
      {
        text: `degraded, if at least ${share} of the messages are redriven within ${inWords(settings.window)}`,
      },
    ];
  }
  const more = left === 1 ? 'one more redrive' : `${left} more redrives`;
  return [
    {
      text: `degraded after ${more} within ${inWords(settings.window)}, if they are a large share of the traffic`,
    },
  ];
};
