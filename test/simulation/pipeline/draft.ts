/** The events of a scenario, drawn part by part. */
import type { Dice } from '../../../tools/driver/dice.ts';
import { HOUR, MINUTE, SECOND } from './config.ts';
import {
  DESTINATIONS,
  STAGES,
  type Action,
  type Command,
  type Crashing,
  type EventPlan,
  type Poison,
  type Reply,
  type StageId,
} from './plan.ts';

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

export const CRASHES: readonly [Crashing, ...Crashing[]] = [
  'throw',
  'throw',
  'throw',
  'throw',
  'nothing',
  'exit',
  'loop',
  'hang',
  'memory',
  'native',
  'native',
  'native',
];

/** Milliseconds. */
export const SLOW = { least: 1_500, most: 4_900 };

const PLAIN: EventPlan = { kind: 'plain' };
const GOOD = { starts: 'yes', share: 0, how: 'throw' } as const;

export class Draft {
  readonly actions: Action[] = [];
  readonly #dice: Dice;
  readonly #end: number;
  readonly #users: number;
  /** The chance that a transform does something unusual with an event that is not a failure. */
  readonly #odd: number;

  constructor(dice: Dice, end: number, users: number) {
    this.#dice = dice;
    this.#end = end;
    this.#users = users;
    this.#odd = dice.pick([0, 0, 0.1, 0.4]);
  }

  /** @param poisoned the chance that an event of a user is poison @param moments when a user may send; by default at any time */
  traffic(poisoned: (user: number) => number, moments: readonly number[]): void {
    const dice = this.#dice;
    const [first, ...others] = moments;
    const some = () =>
      first === undefined ? this.#some() : dice.pick([first, ...others]) + dice.int(0, 2_000);
    for (let user = 0; user < this.#users; user++) {
      for (let times = dice.int(1, 5); times > 0; times--) this.#send(some(), user, poisoned(user));
      // Events sent after the fix have to queue behind the waiting ones, while these are drained.
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
      const starts = this.#dice.pick(['yes', 'yes', 'yes', 'throws', 'dies']);
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

  /** @param slow whether calls may be slow: they can use up a process's time, which looks like its death */
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

  /** Half of the commands come while events are in flight. */
  people(): void {
    const dice = this.#dice;
    for (let times = dice.int(0, 5); times > 0; times--) {
      const command = dice.pick(COMMANDS);
      const stage = dice.pick(STAGES);
      const at = dice.chance(0.5) ? this.#soonAfterSend() : this.#some();
      this.actions.push({ at, do: 'operator', command, stage });
      if (command === 'retry-rejected' && dice.chance(0.3)) {
        const how = dice.pick(['outage', 'throttle']);
        this.actions.push({ at, do: 'trouble', service: 'sqs', how, share: 1, length: 10 * SECOND });
      }
      if (command !== 'discard') continue;
      const later = at + dice.int(0, 10) * MINUTE;
      if (later < this.#end)
        this.actions.push({ at: later, do: 'operator', command: 'retry-rejected', stage });
    }
  }

  /** So do half of the kills: an idle process does not notice. */
  kills(): void {
    const dice = this.#dice;
    for (let times = dice.pick([0, 0, 1, 2]); times > 0; times--) {
      const of = dice.pick([...STAGES, 'ingest', 'control']);
      this.actions.push({ at: dice.chance(0.5) ? this.#soonAfterSend() : this.#some(), do: 'kill', of });
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

  /** A stage is held while all of them send, so that it gets their events in one batch. */
  holdOver(moments: readonly number[]): void {
    for (const moment of moments) {
      const stage = this.#dice.pick(STAGES);
      this.actions.push({ at: moment - 3 * MINUTE, do: 'operator', command: 'hold', stage });
      this.actions.push({ at: moment + MINUTE, do: 'operator', command: 'resume', stage });
    }
  }

  /** Messages with more slow events than there is time for. */
  slowness(): void {
    const dice = this.#dice;
    for (let times = dice.pick([0, 0, 1, 2]); times > 0; times--) {
      const slow = { stage: dice.pick(['router', ...STAGES]), takes: dice.int(SLOW.least, SLOW.most) };
      const events = Array.from({ length: dice.int(5, 12) }, () => this.#event({ kind: 'plain', slow }));
      this.actions.push({ at: this.#some(), do: 'send', user: dice.int(0, this.#users - 1), events });
    }
  }

  /** Bursts of a few users, and kills of one stage in the middle of each. */
  bursts(): void {
    for (let times = 4; times > 0; times--) this.#burst(this.#some());
  }

  #burst(begins: number): void {
    const dice = this.#dice;
    const stage = dice.pick(STAGES);
    for (let times = 25; times > 0; times--)
      this.#send(begins + dice.int(0, 20_000), dice.int(0, this.#users - 1), dice.pick([0, 0, 0.1]));
    for (let times = 6; times > 0; times--)
      this.actions.push({
        at: begins + dice.int(0, 22_000),
        do: 'kill',
        of: dice.chance(0.7) ? stage : dice.pick(STAGES),
      });
  }

  /** An operator stops a stage and forgets about it. */
  holdForDays(): void {
    const stage = this.#dice.pick(STAGES);
    this.actions.push({ at: this.#dice.int(0, 2) * HOUR, do: 'operator', command: 'hold', stage });
  }

  #send(at: number, user: number, poisoned: number): void {
    const dice = this.#dice;
    const count = dice.chance(0.4) ? dice.int(2, 4) : 1;
    const events = Array.from({ length: count }, (): EventPlan => {
      const kind = dice.pick(['plain', 'plain', 'plain', 'plain', 'plain', 'filtered', 'split', 'bad']);
      const event = this.#event({ kind });
      return dice.chance(poisoned) ? { ...event, poison: this.#poison() } : event;
    });
    this.actions.push({ at, do: 'send', user, events });
  }

  #event(event: EventPlan): EventPlan {
    const dice = this.#dice;
    if (!dice.chance(this.#odd)) return event;
    const stage = dice.pick(['router', ...STAGES]);
    switch (dice.pick(['impure', 'impure', 'late', 'slow'])) {
      case 'impure':
        return event.kind === 'plain'
          ? { ...event, impure: dice.pick<readonly StageId[]>([STAGES, DESTINATIONS, [stage]]) }
          : event;
      case 'late':
        return { ...event, late: { stage, how: dice.pick(['throw', 'exit']) } };
      case 'slow':
        return { ...event, slow: { stage, takes: dice.int(SLOW.least, SLOW.most) } };
    }
  }

  #poison(): Poison {
    return { ...this.#crash(), cured: this.#dice.chance(0.8) };
  }

  #crash() {
    const dice = this.#dice;
    const how = dice.pick(CRASHES);
    return { stage: dice.pick(['router', ...STAGES]), how };
  }

  #soonAfterSend(): number {
    const dice = this.#dice;
    const sends = this.actions.filter((action) => action.do === 'send' && action.at < this.#end);
    const near = sends[dice.int(0, Math.max(0, sends.length - 1))];
    return near === undefined ? this.#some() : near.at + dice.int(0, 5 * SECOND);
  }

  /** A time before the fix. */
  #some(): number {
    return this.#dice.int(0, this.#end - 1);
  }
}
