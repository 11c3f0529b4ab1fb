/** The events of scenarios about evidence: a stage fails everything, or one user, for hours, and what is sent in the meantime. */
import type { Dice } from '../../../tools/driver/dice.ts';
import { HOUR, MINUTE, SECOND } from './config.ts';
import {
  DESTINATIONS,
  ROUTER,
  sourceOf,
  STAGES,
  type Action,
  type Crashing,
  type DestinationId,
  type EventPlan,
  type Reply,
  type StageId,
} from './plan.ts';

const CRASHES: readonly [Crashing, ...Crashing[]] = ['throw', 'throw', 'exit', 'loop', 'memory', 'native'];
const REPLIES: readonly [Reply, ...Reply[]] = [503, 503, 'hang', 400, 421, 401, 'reset'];
/** Poison users of a crowd: enough to degrade a stage while the others are few. */
const POISONED = 6;
const PLAIN: EventPlan = { kind: 'plain' };

/** Why nothing gets through a stage. */
type Cause =
  | { readonly kind: 'code'; readonly how: Crashing; readonly starts: 'yes' | 'throws' }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'deny'; readonly what: 'queue' | 'secret' | 'table' }
  | { readonly kind: 'starve'; readonly how: 'function' | 'mapping' };

export class EvidenceDraft {
  readonly actions: Action[] = [];
  readonly #dice: Dice;
  readonly #end: number;
  readonly #users: number;

  constructor(dice: Dice, end: number, users: number) {
    this.#dice = dice;
    this.#end = end;
    this.#users = users;
  }

  /** A stage fails everything for hours, mostly until the end. @returns whether it takes a fix of the code */
  outage(): boolean {
    const dice = this.#dice;
    const [stage, cause] = this.#cause();
    const from = dice.int(1, 30) * MINUTE;
    const to = dice.chance(0.6) ? this.#end : dice.int(from + 20 * MINUTE, this.#end);
    this.#fail(stage, cause, from, to);
    // It works for a while in the middle, so that the stage is recovering when it fails again.
    if (to < this.#end && dice.chance(0.5))
      this.#fail(stage, cause, to + dice.int(30, 400) * SECOND, this.#end);
    const failing = dice.chance(0.3) && this.#filtered(stage) ? this.#users - 1 : this.#users;
    if (dice.chance(0.6)) this.#stream(0, failing, PLAIN);
    else for (let user = 0; user < failing; user++) this.#send(from + dice.int(1, 120) * SECOND, user, PLAIN);
    if (stage !== ROUTER && dice.chance(0.3)) this.#holdRouter(from);
    return cause.kind === 'code';
  }

  /** An operator holds the router for longer than a stage may stand still: the clocks of destinations, where work waits, must too. */
  #holdRouter(from: number): void {
    const at = from + this.#dice.int(1, 10) * MINUTE;
    const until = at + this.#dice.int(15, 40) * MINUTE;
    if (until > this.#end) return;
    this.actions.push({ at, do: 'operator', command: 'hold', stage: ROUTER });
    this.actions.push({ at: until, do: 'operator', command: 'resume', stage: ROUTER });
  }

  /** A destination answers with 503 for a while, and no probe of it is answered until long after that. */
  deaf(): void {
    const dice = this.#dice;
    const stage = dice.pick(DESTINATIONS);
    const from = dice.int(1, 15) * MINUTE;
    const length = dice.int(5, 20) * MINUTE;
    const until = Math.min(this.#end, from + length + dice.int(5, 40) * MINUTE);
    this.actions.push({ at: from, do: 'refuse', stage, reply: 503, share: 1, length });
    const at = from + dice.int(0, length);
    this.actions.push({ at, do: 'starve', stage, how: 'probe', length: until - at });
    this.#stream(0, this.#users, PLAIN);
  }

  /** The events of one user or a few fail; those of others do not. */
  oneBad(): void {
    const dice = this.#dice;
    const stage = dice.pick(STAGES);
    const bad = Math.min(dice.pick([1, 1, 3, 5]), this.#users - 1);
    const reply = dice.pick<Reply | 'poison'>(['poison', 503, 421, 401, 400]);
    if (stage === ROUTER || reply === 'poison') {
      const poison = { stage, how: dice.pick(CRASHES), cured: true };
      for (let user = 0; user < bad; user++)
        this.#send(dice.int(1, 20) * MINUTE, user, { kind: 'plain', poison });
    } else {
      for (let user = 0; user < bad; user++) {
        const at = dice.int(1, 20) * MINUTE;
        const length = this.#end - at;
        this.actions.push({ at, do: 'refuse', stage, user, reply, share: 1, length });
        this.#send(at + SECOND, user, PLAIN);
      }
    }
    for (let times = dice.int(0, 20); times > 0; times--) this.#send(this.#some(), 0, PLAIN);
    this.#stream(bad, this.#users, PLAIN, bad > 1 ? 5 : 1);
  }

  /** A destination is up for one minute in eight. */
  flap(): void {
    const dice = this.#dice;
    const stage = dice.pick(DESTINATIONS);
    const reply = dice.pick<Reply>([503, 500, 'hang']);
    const [up, down] = [dice.int(1, 3) * MINUTE, dice.int(4, 8) * MINUTE];
    // Perhaps it finally stays up, long enough for its page to resolve.
    const until = dice.chance(0.5) ? this.#end : this.#end / 3;
    for (let at = dice.int(1, 10) * MINUTE; at < until; at += up + down)
      this.actions.push({ at, do: 'refuse', stage, reply, share: 1, length: Math.min(down, until - at) });
    this.#stream(0, this.#users, PLAIN);
  }

  /** Hours without an event, then one that fails; perhaps others later. */
  quietNight(): void {
    const dice = this.#dice;
    const stage = dice.pick(STAGES);
    const at = dice.int(2, 8) * HOUR;
    this.#send(MINUTE, 1 % this.#users, PLAIN);
    this.#send(at, 0, { kind: 'plain', poison: { stage, how: dice.pick(CRASHES), cured: true } });
    for (let times = dice.pick([0, 0, 3]); times > 0; times--)
      this.#send(dice.int(at, this.#end), dice.int(0, this.#users - 1), PLAIN);
  }

  /** Messages of up to a thousand events; a destination refuses one request in five. */
  packed(): void {
    const dice = this.#dice;
    const stage = dice.pick(DESTINATIONS);
    this.actions.push({ at: 0, do: 'refuse', stage, reply: 503, share: 0.2, length: this.#end });
    for (let times = dice.int(1, 2); times > 0; times--) {
      const copies = dice.pick([100, 300, 1_000]);
      this.actions.push({ at: this.#some(), do: 'send', user: this.#user(), events: [PLAIN], copies });
    }
    this.#stream(0, this.#users, PLAIN);
  }

  /** Messages that SQS has handed out hundreds of times. */
  worn(): void {
    const dice = this.#dice;
    const stage = dice.pick(DESTINATIONS);
    const from = dice.int(1, 10) * MINUTE;
    const user = dice.chance(0.5) ? { user: 0 } : {};
    this.actions.push({
      at: from,
      do: 'refuse',
      stage,
      ...user,
      reply: 503,
      share: 1,
      length: this.#end - from,
    });
    this.actions.push({ at: from + 10 * MINUTE, do: 'worn', stage, receives: dice.int(450, 520) });
    for (let times = 5; times > 0; times--) this.#send(from + dice.int(0, 500) * SECOND, this.#user(), PLAIN);
    this.#stream(1 % this.#users, this.#users, PLAIN);
  }

  /** Bursts, in which functions start late. */
  late(): void {
    const dice = this.#dice;
    for (let times = 30; times > 0; times--) this.#send(this.#some(), this.#user(), PLAIN);
    for (let times = 3; times > 0; times--) {
      const at = this.#some();
      for (let more = 10; more > 0; more--) this.#send(at + dice.int(0, 5_000), this.#user(), PLAIN);
    }
  }

  /** The first users have one event each that crashes the code, within a minute; the others send more than a thousand. */
  crowd(): void {
    const dice = this.#dice;
    const stage = dice.pick(STAGES);
    for (let user = 0; user < POISONED; user++) {
      const poison = { stage, how: 'throw', cured: true } as const;
      const at = 5 * MINUTE + dice.int(0, 60) * SECOND;
      this.#send(at, user, { kind: 'plain', poison });
    }
    for (let user = POISONED; user < this.#users; user++)
      for (let at = MINUTE; at < 7 * MINUTE; at += dice.int(1_000, 4_000)) this.#send(at, user, PLAIN);
  }

  #cause(): readonly [StageId, Cause] {
    const dice = this.#dice;
    const destination = dice.pick(DESTINATIONS);
    switch (dice.pick(['code', 'code', 'reply', 'reply', 'deny', 'starve'])) {
      case 'code': {
        const starts = dice.pick(['yes', 'yes', 'yes', 'throws']);
        return [dice.pick(STAGES), { kind: 'code', how: dice.pick(CRASHES), starts }];
      }
      case 'reply':
        return [destination, { kind: 'reply', reply: dice.pick(REPLIES) }];
      case 'deny': {
        const what = dice.pick(['queue', 'secret', 'table']);
        if (what === 'secret') return ['lake', { kind: 'deny', what }];
        return [what === 'queue' ? ROUTER : dice.pick(STAGES), { kind: 'deny', what }];
      }
      case 'starve':
        return [dice.pick(STAGES), { kind: 'starve', how: dice.pick(['function', 'mapping']) }];
    }
  }

  #fail(stage: StageId, cause: Cause, from: number, to: number): void {
    const length = to - from;
    if (length <= 0) return;
    const overlap = this.#dice.pick([0, 30 * SECOND]);
    switch (cause.kind) {
      case 'code': {
        const { how, starts } = cause;
        this.actions.push({ at: from, do: 'deploy', stage, starts, share: 1, how, overlap });
        if (to < this.#end)
          this.actions.push({
            at: to,
            do: 'deploy',
            stage,
            isFix: true,
            starts: 'yes',
            share: 0,
            how: 'throw',
            overlap,
          });
        break;
      }
      case 'reply': {
        const at = stage as DestinationId;
        this.actions.push({ at: from, do: 'refuse', stage: at, reply: cause.reply, share: 1, length });
        break;
      }
      case 'deny': {
        const { what } = cause;
        const at = what === 'queue' ? this.#dice.pick(DESTINATIONS) : stage;
        this.actions.push({ at: from, do: 'deny', what, stage: at, length });
        break;
      }
      case 'starve':
        this.actions.push({ at: from, do: 'starve', stage, how: cause.how, length });
    }
  }

  /** Each user from `first` up to, but not including, `after` sends every few minutes until a while after the end. */
  #stream(first: number, after: number, event: EventPlan, rarer = 1): void {
    const dice = this.#dice;
    for (let user = first; user < after; user++) {
      const every = rarer * dice.int(1, 8) * MINUTE + dice.int(0, 59) * SECOND;
      for (let at = dice.int(0, every); at < this.#end + 10 * MINUTE; at += every)
        this.#send(at, user, event);
    }
  }

  /** Events of the last user, all filtered out in the stage where the others' fail. @returns whether there is such a user */
  #filtered(stage: StageId): boolean {
    const user = this.#users - 1;
    if (user === 0 || (stage === 'lake' && sourceOf(user) !== 'web')) return false;
    const event: EventPlan = { kind: stage === ROUTER ? 'filtered' : 'dropped' };
    const every = this.#dice.int(30, 240) * SECOND;
    for (let at = this.#dice.int(0, every); at < this.#end; at += every) this.#send(at, user, event);
    return true;
  }

  #send(at: number, user: number, event: EventPlan): void {
    this.actions.push({ at, do: 'send', user, events: [event] });
  }

  #user(): number {
    return this.#dice.int(0, this.#users - 1);
  }

  #some(): number {
    return this.#dice.int(0, this.#end - 1);
  }
}
