/** Adds replays to scenarios. They have dice of their own: a scenario without one is what it was before there were any. */
import { Dice } from '../../../tools/driver/dice.ts';
import { MINUTE } from './config.ts';
import { CRASHES, SLOW } from './draft.ts';
import {
  DESTINATIONS,
  isHarmless,
  OUT_OF_REACH,
  poisonedAlone,
  type Action,
  type EventPlan,
  type Plan,
} from './plan.ts';

type ReplayAction = Extract<Action, { do: 'replay' }>;

/** Of the scenarios in which it may happen. */
const SHARE = 0.15;
const POISONED = 0.1;
const DICE = 0x5eed0;

/** What may be replayed: the router has made it, and a fix can process it. */
const pastEvent = (dice: Dice): EventPlan => {
  const kind = dice.pick(['plain', 'plain', 'plain', 'plain', 'dropped']);
  if (!dice.chance(POISONED)) return { kind };
  return { kind, poison: { stage: dice.pick(DESTINATIONS), how: dice.pick(CRASHES), cured: true } };
};

/**
 * Not where no alarm is justified: nothing else is parked there, and a drain that does not hear that it has its lease counts as a death. Other
 * users must not wait where poison is all that happens; and of what takes days, control looks each hour.
 */
const mayHave = (plan: Plan): boolean =>
  !isHarmless(plan) &&
  poisonedAlone(plan) === undefined &&
  plan.settings.maxReceiveCount >= OUT_OF_REACH &&
  plan.settings.controlEvery <= MINUTE;

/** A destination is slow for users whose past is about to be replayed: a batch works on their events for long. */
const sendsMeanwhile = ({ at, stage }: ReplayAction, { users, end }: Plan, dice: Dice): readonly Action[] =>
  Array.from({ length: dice.int(0, 12) }, () => ({
    at: Math.min(end - 1, at + dice.int(0, 4 * MINUTE)),
    do: 'send',
    user: dice.int(0, users - 1),
    events: Array.from({ length: dice.int(1, 4) }, (): EventPlan => ({
      kind: 'plain',
      slow: { stage, takes: dice.int(SLOW.least, SLOW.most) },
    })),
  }));

/**
 * Users are parked for so long that SQS has forgotten what it had of them when the router, which had died, sends it again. What an impure
 * transform makes of that only then comes late, with or without a replay.
 */
const pure = (action: Action): Action => {
  if (action.do !== 'send') return action;
  const events = action.events.map((event): EventPlan => {
    const { impure, ...others } = event;
    return impure === undefined ? event : others;
  });
  return { ...action, events };
};

export const withReplay = (plan: Plan): Plan => {
  const dice = new Dice(plan.seed ^ DICE);
  if (!mayHave(plan) || !dice.chance(SHARE)) return plan;
  const past = Array.from({ length: dice.int(4, 14) }, () => pastEvent(dice));
  const replays = Array.from({ length: dice.pick([1, 1, 2]) }, (): ReplayAction => ({
    at: dice.int(0, Math.floor(plan.end * 0.8)),
    do: 'replay',
    stage: dice.pick(DESTINATIONS),
    limit: dice.int(1, 8),
  }));
  const meanwhile = replays.flatMap((replay) => sendsMeanwhile(replay, plan, dice));
  return {
    ...plan,
    past,
    actions: [...plan.actions.map(pure), ...replays, ...meanwhile].sort((a, b) => a.at - b.at),
  };
};
