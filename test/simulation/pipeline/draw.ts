/** Draws a story from a seed. */
import { Dice } from '../dice.ts';
import { DAY, HOUR, MINUTE, SECOND } from './config.ts';
import {
  DESTINATIONS,
  NO_RATES,
  STAGES,
  type Action,
  type Command,
  type EventPlan,
  type Plan,
  type PlanSettings,
  type Poison,
  type Rates,
  type Reply,
} from './plan.ts';

/** Seconds; as deployed. */
const RETENTION = 1_209_600;
const MAX_RECEIVE_COUNT = 1_000;

type Kind = 'everything' | 'poison' | 'aws' | 'backlog' | 'days' | 'dead letters';

/**
 * - `everything`: all that can go wrong, mixed.
 * - `poison`: events that crash the code, and nothing else: other users must not wait.
 * - `aws`: AWS fails, and nothing else: nobody must be woken.
 * - `backlog`: a user is parked, and sends on while the fix drains what waits.
 * - `days`: a stage forwards nothing for so long that SQS would delete what waits.
 * - `dead letters`: SQS's own redrive policy gives up on messages.
 */
const KINDS: readonly [Kind, ...Kind[]] = [
  'poison',
  ...Array<'everything'>(12).fill('everything'),
  'backlog',
  'backlog',
  'poison',
  'aws',
  'aws',
  'days',
  'dead letters',
];

const settingsOf = (dice: Dice, kind: Kind): PlanSettings => ({
  redriveThreshold: dice.pick([1, 2, 3, 5]),
  recoverAfter: dice.pick([3, 20]),
  crashes: dice.pick([1, 3]),
  parkAfter: dice.pick([2, 15]) * MINUTE,
  breakerFailures: dice.pick([5, 20]),
  spillAfter: 7 * DAY,
  retention: RETENTION,
  maxReceiveCount: kind === 'dead letters' ? 4 : MAX_RECEIVE_COUNT,
  controlEvery: kind === 'days' ? HOUR : MINUTE,
  slowControl: dice.pick([0.05, 0.3]),
  skew: dice.pick([0, 0, 4 * SECOND]),
  recut: dice.pick([0, 0.5, 1]),
  deduplication: dice.chance(0.3),
});

const ratesOf = (dice: Dice, kind: Kind): Rates => {
  if (kind === 'poison') return NO_RATES;
  const isAws = kind === 'aws';
  return {
    die: isAws ? 0 : dice.pick([0, 0.002, 0.02]),
    fault: dice.pick([0, 0.01, 0.05]),
    timeout: dice.pick([0, 0.005, 0.03]),
    partial: dice.pick([0, 0, 0.1]),
    undeleted: dice.pick([0, 0, 0.1]),
    late: isAws ? 0 : dice.pick([0, 0.5]),
  };
};

const REPLIES = [500, 500, 503, 429, 408, 'hang', 'late', 'slow', 'reset', 400, 401, 404] as const;
const COMMANDS: readonly [Command, ...Command[]] = [
  'hold',
  'resume',
  'resume',
  'retry',
  'retry a key',
  'discard',
  'retry-rejected',
  'status',
  'show',
  'rejected',
];

const PLAIN: EventPlan = { kind: 'plain' };
const GOOD = { starts: 'yes', share: 0, how: 'throw' } as const;

class Draft {
  readonly actions: Action[] = [];
  readonly #dice: Dice;
  readonly #end: number;
  readonly #users: number;

  constructor(dice: Dice, end: number, users: number) {
    this.#dice = dice;
    this.#end = end;
    this.#users = users;
  }

  /** @param poisoned the chance that an event of a user is poison @param moments when there is one: else at any time */
  traffic(poisoned: (user: number) => number, moments: readonly number[]): void {
    const dice = this.#dice;
    const [first, ...others] = moments;
    const some = () =>
      first === undefined ? this.#some() : dice.pick([first, ...others]) + dice.int(0, 2_000);
    for (let user = 0; user < this.#users; user++) {
      for (let times = dice.int(1, 5); times > 0; times--) this.#send(some(), user, poisoned(user));
      // What comes after the fix has to go behind what waits, while it is drained.
      for (let times = dice.int(0, 2); times > 0; times--)
        this.#send(this.#end + dice.int(0, 5 * 60) * SECOND, user, 0);
    }
  }

  deployments(): void {
    for (let times = this.#dice.int(0, 3); times > 0; times--) {
      const { stage, how } = this.#crash();
      if (this.#dice.chance(0.3)) {
        this.actions.push({ at: this.#some(), do: 'deploy', stage, isFix: true, ...GOOD });
        continue;
      }
      const starts = this.#dice.pick(['yes', 'yes', 'yes', 'throws', 'exits']);
      const share = this.#dice.pick([0, 0, 0.2, 0.7, 1]);
      this.actions.push({ at: this.#some(), do: 'deploy', stage, starts, share, how });
    }
  }

  destinations(): void {
    const dice = this.#dice;
    for (let times = dice.int(0, 2); times > 0; times--)
      this.actions.push({
        at: this.#some(),
        do: 'refuse',
        stage: dice.pick(DESTINATIONS),
        ...(dice.chance(0.5) ? { user: dice.int(0, this.#users - 1) } : {}),
        reply: dice.pick(REPLIES),
        share: dice.pick([0.3, 1]),
        length: dice.int(1, 30) * MINUTE,
      });
    for (let times = dice.int(0, 3); times > 0; times--)
      this.actions.push({
        at: this.#some(),
        do: 'answers',
        stage: dice.pick(DESTINATIONS),
        user: dice.int(0, this.#users - 1),
        replies: Array.from({ length: dice.int(1, 4) }, (): Reply => dice.pick(REPLIES)),
      });
  }

  /** @param slow calls that take long may cost a process its time, and so look like its death */
  troubles(slow: boolean): void {
    const dice = this.#dice;
    for (let times = dice.pick([0, 0, 1, 2]); times > 0; times--)
      this.actions.push({
        at: this.#some(),
        do: 'trouble',
        service: dice.pick(['dynamo', 'dynamo', 'sqs', 'lambda']),
        how: slow ? dice.pick(['outage', 'throttle', 'slow']) : dice.pick(['outage', 'throttle']),
        share: dice.pick([0.3, 1]),
        length: dice.int(1, 10) * MINUTE,
      });
  }

  /** Half of the commands come while something is on its way. */
  people(): void {
    const dice = this.#dice;
    const sends = this.actions.filter((action) => action.do === 'send' && action.at < this.#end);
    for (let times = dice.int(0, 5); times > 0; times--) {
      const command = dice.pick(COMMANDS);
      const stage = dice.pick(STAGES);
      const near = sends[dice.int(0, Math.max(0, sends.length - 1))];
      const isNear = near !== undefined && dice.chance(0.5);
      const at = isNear ? near.at + dice.int(0, 5 * SECOND) : this.#some();
      this.actions.push({ at, do: 'operator', command, stage });
      if (command !== 'discard') continue;
      const later = at + dice.int(0, 10) * MINUTE;
      if (later < this.#end)
        this.actions.push({ at: later, do: 'operator', command: 'retry-rejected', stage });
    }
  }

  kills(): void {
    for (let times = this.#dice.pick([0, 0, 1, 2]); times > 0; times--) {
      const of = this.#dice.pick([...STAGES, 'ingest', 'control']);
      this.actions.push({ at: this.#some(), do: 'kill', of });
    }
  }

  workers(): void {
    const dice = this.#dice;
    for (const action of [...this.actions]) {
      if (action.do !== 'send' || !dice.chance(0.4)) continue;
      const at = Math.max(0, action.at + dice.int(-100, 20_000));
      const { user } = action;
      this.actions.push({ at, do: 'workers', stage: dice.pick(STAGES), user, count: dice.int(1, 2) });
    }
  }

  /** A poison that parks its user at the beginning, the fix, and events and workers all through the drain. */
  backlog(): void {
    const dice = this.#dice;
    const { stage, how } = this.#crash();
    const poison = { stage, how, cured: true };
    const fixed = dice.int(8, 20) * MINUTE;
    this.actions.push({ at: 0, do: 'send', user: 0, events: [{ kind: 'plain', poison }, PLAIN] });
    this.actions.push({ at: fixed, do: 'deploy', stage, isFix: true, ...GOOD });
    for (let times = dice.int(4, 10); times > 0; times--) {
      const at = fixed + dice.int(-60, 180) * SECOND;
      this.actions.push({ at, do: 'send', user: 0, events: [PLAIN] });
      const workers = { do: 'workers', stage, user: 0, count: dice.int(1, 3) } as const;
      this.actions.push({ at: at + dice.int(0, 3_000), ...workers });
      if (dice.chance(0.5)) this.actions.push({ at: at + dice.int(0, 10_000), ...workers });
    }
    const slow = { do: 'trouble', service: 'dynamo', how: 'slow', share: 0.5, length: 5 * MINUTE } as const;
    if (dice.chance(0.5)) this.actions.push({ at: fixed - MINUTE, ...slow });
  }

  /** Somebody stops a stage and forgets about it. */
  holdForDays(): void {
    const stage = this.#dice.pick(STAGES);
    this.actions.push({ at: this.#dice.int(0, 2) * HOUR, do: 'operator', command: 'hold', stage });
  }

  #send(at: number, user: number, poisoned: number): void {
    const dice = this.#dice;
    const count = dice.chance(0.4) ? dice.int(2, 4) : 1;
    const events = Array.from({ length: count }, (): EventPlan => {
      const kind = dice.pick(['plain', 'plain', 'plain', 'plain', 'plain', 'filtered', 'split', 'bad']);
      return dice.chance(poisoned) ? { kind, poison: this.#poison() } : { kind };
    });
    this.actions.push({ at, do: 'send', user, events });
  }

  #poison(): Poison {
    return { ...this.#crash(), cured: this.#dice.chance(0.8) };
  }

  #crash() {
    const dice = this.#dice;
    const how = dice.pick(['throw', 'throw', 'throw', 'exit', 'hang', 'nothing']);
    return { stage: dice.pick(['router', ...STAGES]), how };
  }

  /** Some time before the fix. */
  #some(): number {
    return this.#dice.int(0, this.#end - 1);
  }
}

export const draw = (seed: number): Plan => {
  const dice = new Dice(seed);
  const kind = dice.pick(KINDS);
  const users = dice.int(2, 4);
  const end =
    kind === 'days'
      ? dice.int(14 * 24, 15 * 24) * HOUR
      : kind === 'poison'
        ? 2 * HOUR
        : dice.int(kind === 'backlog' ? 25 : 10, 50) * MINUTE;
  const settings = settingsOf(dice, kind);
  const draft = new Draft(dice, end, users);
  const share = dice.pick([0, 0.05, 0.2]);
  // Users who send at the same moment share batches with the poison.
  const moments = kind === 'poison' ? [10 * MINUTE, 40 * MINUTE, 70 * MINUTE] : [];
  const poisoned = { poison: (user: number) => (user === 0 ? 0.5 : 0), aws: () => 0, backlog: () => 0 };
  draft.traffic(
    Object.hasOwn(poisoned, kind) ? poisoned[kind as keyof typeof poisoned] : () => share,
    moments,
  );
  if (kind === 'everything' || kind === 'dead letters') {
    draft.deployments();
    draft.destinations();
    draft.kills();
  }
  if (kind === 'everything' || kind === 'dead letters' || kind === 'days') draft.people();
  if (kind !== 'poison' && kind !== 'backlog') draft.troubles(kind !== 'aws');
  if (kind === 'days') draft.holdForDays();
  if (kind === 'backlog') draft.backlog();
  draft.workers();
  return {
    name: `seed ${String(seed)}`,
    seed,
    users,
    end,
    settings,
    rates: ratesOf(dice, kind),
    actions: draft.actions.sort((a, b) => a.at - b.at),
  };
};
