/** A story of two regions as data: who sends what and when, and how long the first region is gone. Everything follows from the seed. */
import { Dice } from '../../../tools/driver/dice.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../pipeline/config.ts';
import { NO_RATES, type Action, type EventPlan, type Plan, type PlanSettings } from '../pipeline/plan.ts';

/** `dies`: nothing in it runs or answers, and what it has stored stays. `refuses`: SQS fails every call, and the rest works. */
export type Loss = 'dies' | 'refuses';

/** One client's events of one moment. */
export interface Sending {
  readonly at: number;
  readonly user: number;
  readonly events: readonly EventPlan[];
}

export interface RegionsPlan {
  readonly seed: number;
  readonly loss: Loss;
  /** When the first region is lost, and when it is back; milliseconds since the start. */
  readonly lostAt: number;
  readonly backAt: number;
  /** When the last event is sent, and the code is fixed. */
  readonly end: number;
  readonly users: number;
  readonly sendings: readonly Sending[];
  readonly plans: { readonly first: Plan; readonly second: Plan };
}

/** Seconds; as deployed. */
const RETENTION = 1_209_600;

const settingsOf = (dice: Dice, retention: number): PlanSettings => ({
  redriveThreshold: 5,
  recoverAfter: dice.pick([3, 20]),
  crashes: dice.pick([1, 3]),
  parkAfter: 15 * MINUTE,
  breakerFailures: 20,
  spillAfter: 7 * DAY,
  retention,
  maxReceiveCount: 1_000,
  controlEvery: MINUTE,
  slowControl: 0.05,
  skew: dice.pick([0, 2 * SECOND]),
  recut: dice.pick([0, 0.5, 1]),
  batch: dice.pick([2, 5]),
  retired: dice.pick([0, 0.3]),
  deduplication: dice.chance(0.3),
});

const POISON: EventPlan = { kind: 'plain', poison: { stage: 'crm', how: 'throw', cured: true } };

const sendingsOf = (dice: Dice, users: number, plan: Pick<RegionsPlan, 'lostAt' | 'backAt' | 'end'>) => {
  const sendings: Sending[] = [];
  const send = (at: number, user: number): void => {
    const events = Array.from({ length: dice.int(1, 4) }, (): EventPlan => {
      // What the first user sends before the loss may park them: what is parked waits in the region as well.
      if (user === 0 && at < plan.lostAt && dice.chance(0.2)) return POISON;
      return { kind: dice.chance(0.1) ? 'split' : 'plain' };
    });
    sendings.push({ at, user, events });
  };
  for (let user = 0; user < users; user++) {
    for (let n = dice.int(2, 5); n > 0; n--) send(dice.int(0, plan.lostAt), user);
    // Right before the loss, and right before the return: these meet requests that are under way.
    for (const moment of [plan.lostAt, plan.backAt]) send(moment - dice.int(0, 3 * SECOND), user);
    // While clients are not sent elsewhere yet.
    send(plan.lostAt + dice.int(0, 30 * SECOND), user);
    for (let n = dice.int(2, 6); n > 0; n--) send(dice.int(plan.lostAt, plan.backAt), user);
    for (let n = dice.int(2, 5); n > 0; n--) send(dice.int(plan.backAt, plan.end), user);
  }
  return sendings.sort((a, b) => a.at - b.at);
};

export const drawRegions = (seed: number, retention = RETENTION): RegionsPlan => {
  const dice = new Dice(seed);
  const lostAt = dice.int(10 * MINUTE, HOUR);
  const backAt = lostAt + dice.int(2 * HOUR, 10 * HOUR);
  const end = backAt + dice.int(10 * MINUTE, HOUR);
  const users = dice.int(2, 4);
  const loss = dice.pick(['dies', 'dies', 'refuses']);
  const sendings = sendingsOf(dice, users, { lostAt, backAt, end });
  const settings = settingsOf(dice, retention);
  const rates = {
    ...NO_RATES,
    die: dice.pick([0, 0.002]),
    fault: dice.pick([0, 0.01]),
    timeout: dice.pick([0, 0.01]),
    late: dice.pick([0, 0.5]),
  };
  const sent = sendings.map((sending): Action => ({ do: 'send', ...sending }));
  const planOf = (name: string, more: readonly Action[], place: number): Plan => ({
    name,
    seed: seed + place,
    users,
    end,
    settings,
    rates,
    actions: [...sent, ...more].sort((a, b) => a.at - b.at),
  });
  const lost: Action =
    loss === 'dies'
      ? { at: lostAt, do: 'kill', of: 'router' }
      : {
          at: lostAt,
          do: 'trouble',
          service: 'sqs',
          how: 'outage',
          share: 1,
          length: backAt - lostAt,
        };
  // What a destination does not take waits in the queue when the region is lost.
  const closed: readonly Action[] = dice.chance(0.5)
    ? [{ at: lostAt - 5 * MINUTE, do: 'refuse', stage: 'crm', reply: 503, share: 1, length: 10 * MINUTE }]
    : [];
  const plans = { first: planOf('first', [lost, ...closed], 0), second: planOf('second', [], 1) };
  return { seed, loss, lostAt, backAt, end, users, sendings, plans };
};
