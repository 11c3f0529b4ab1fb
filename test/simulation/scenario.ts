/** A story that follows from its seed: what is sent, what breaks and when, and the fix at the end. */
import { shardOf } from '../../lambdas/core/stage/parking.ts';
import { Dice } from './dice.ts';
import type { Mishap } from './invocation.ts';
import { DAY, HOUR, MINUTE, ROUTER, SECOND, STAGE, type Behaviour, type Code } from './settings.ts';
import { World } from './world.ts';

export interface ScenarioOptions {
  /** Processes die and AWS fails, besides what the stage's code does. */
  readonly mishaps: boolean;
  /** SQS's own redrive policy gives up on a message after so many receives. */
  readonly maxReceiveCount?: number;
  /** The stage is held for so long that SQS would delete what waits. */
  readonly spill?: boolean;
}

/** However long the backoffs and pauses have become by the time of the fix, this is longer. */
const PATIENCE = 12 * HOUR;

/** How long SQS keeps a message, and what is parked before that; here in hours, deployed 14 and 7 days. */
const SPILL = { retention: (3 * HOUR) / SECOND, after: HOUR, end: 4 * HOUR };

const TRACE_LINES = 200;

/** @returns the world in which it happens, and what runs it and reports what went wrong, if anything did */
export const scenario = (
  seed: number,
  { mishaps, maxReceiveCount, spill = false }: ScenarioOptions,
): { readonly world: World; readonly run: () => Promise<string | undefined> } => {
  const dice = new Dice(seed);
  const end = spill ? SPILL.end : dice.int(15, 60) * MINUTE;
  const world: World = new World({
    random: dice.next,
    mishap: mishaps ? mishapsUntil(dice, end, () => world.time) : () => 'none',
    landsLate: () => (mishaps && dice.chance(0.5) ? dice.int(0, 5) * SECOND : undefined),
    ...settings(dice, spill ? SPILL.after : 7 * DAY),
    code: badCode(dice, 0),
    ...(maxReceiveCount === undefined ? {} : { maxReceiveCount }),
    ...(spill ? { retention: SPILL.retention } : {}),
  });
  const story = new Story(dice, world, end);
  story.traffic();
  story.deployments();
  story.destinationTrouble();
  story.routerTrouble();
  story.hold(spill);
  story.fix();
  const run = async (): Promise<string | undefined> => {
    // All has been sent by then, and has had to go behind what waited.
    const isOver = () => world.time > end + 10 * MINUTE && world.isAtRest;
    const report = world.report(await world.run(isOver, end + PATIENCE), TRACE_LINES);
    return report === undefined ? undefined : `seed ${String(seed)}: ${report}`;
  };
  return { world, run };
};

const settings = (dice: Dice, spillAfter: number) => ({
  modeSettings: {
    redriveThreshold: dice.pick([1, 2, 3, 5]),
    redriveShare: 0.05,
    stallAfter: 10 * MINUTE,
    minute: MINUTE,
    window: 5 * MINUTE,
    pause: 5 * MINUTE,
    maxPause: HOUR,
    recoverAfter: dice.pick([3, 20]),
    breakerFailures: dice.pick([5, 20]),
    breakerTime: 2 * MINUTE,
    spillAfter,
  },
  settings: {
    crashes: dice.pick([1, 3]),
    ownAfter: 3,
    stallAfter: 10 * MINUTE,
    parkAfter: dice.pick([2, 15]) * MINUTE,
    spillAfter,
    maxDrainBackoff: HOUR,
  },
});

const mishapsUntil = (dice: Dice, end: number, now: () => number): (() => Mishap) => {
  const death = dice.pick([0, 0.002, 0.02]);
  const fault = dice.pick([0, 0.01, 0.05]);
  const outage = { from: dice.int(0, end), length: dice.int(0, 5) * MINUTE };
  return () => {
    if (now() >= end) return 'none';
    const isOut = now() >= outage.from && now() < outage.from + outage.length;
    if (dice.chance(death)) return dice.pick(['die before', 'die after']);
    return dice.chance(isOut ? 0.7 : fault) ? dice.pick(['fault before', 'fault after']) : 'none';
  };
};

/** Code with poison in it: some messages crash it, or, after a bad deployment, most do; or it does not load. */
const badCode = (dice: Dice, i: number): Code => {
  const share = dice.pick([0, 0.05, 0.2, 0.7, 1]);
  const known = new Map<string, Behaviour>();
  const behaviour = (body: string): Behaviour => {
    const decided =
      known.get(body) ??
      (dice.chance(share) ? dice.pick(['throw', 'throw', 'timeout', 'native']) : 'deliver');
    known.set(body, decided);
    return decided;
  };
  return { version: `v${String(i)}`, loads: !dice.chance(0.1), behaviour };
};

class Story {
  readonly #dice: Dice;
  readonly #world: World;
  readonly #end: number;
  readonly #keys: readonly [string, ...string[]];

  constructor(dice: Dice, world: World, end: number) {
    this.#dice = dice;
    this.#world = world;
    this.#end = end;
    this.#keys = ['k0', ...Array.from({ length: dice.int(1, 6) }, (_, i) => `k${String(i + 1)}`)];
  }

  traffic(): void {
    const dice = this.#dice;
    for (const key of this.#keys) {
      for (let times = dice.int(1, 15); times > 0; times--) {
        const burst = dice.chance(0.3) ? dice.int(2, 5) : 1;
        this.#send(dice.int(0, this.#end), key, burst);
      }
      // What comes after the fix has to go behind what waits, while it is drained.
      for (let times = dice.int(1, 4); times > 0; times--)
        this.#send(this.#end + dice.int(0, 5 * 60) * SECOND, key, dice.int(1, 3));
    }
  }

  /** Workers are safe at any time: some come just then, beside those that control starts. */
  #send(time: number, key: string, messages: number): void {
    const dice = this.#dice;
    this.#at(time, () => {
      for (let i = 0; i < messages; i++) this.#world.send(key);
    });
    for (let workers = dice.pick([0, 1, 2]); workers > 0; workers--)
      this.#at(time + dice.int(-100, 500), () => {
        this.#world.startDrain(shardOf(key));
      });
  }

  deployments(): void {
    for (let i = this.#dice.int(0, 3); i > 0; i--)
      this.#some(() => {
        this.#world.deploy(badCode(this.#dice, i));
      });
  }

  /** It refuses everyone, or one user, for a while; or AWS does between it and us. */
  destinationTrouble(): void {
    const dice = this.#dice;
    for (let times = dice.int(0, 2); times > 0; times--) {
      const behaviour = dice.pick(['retry', 'retry', 'fault']);
      const share = dice.pick([0.3, 1]);
      const victims = dice.chance(0.5) ? this.#keys : [dice.pick(this.#keys)];
      const refuses = (body: string) =>
        victims.some((key) => body.startsWith(`${key}:`)) && dice.chance(share);
      const at = this.#some(() => {
        this.#world.destination = (body) => (refuses(body) ? behaviour : 'deliver');
      });
      this.#at(at + dice.int(1, 30) * MINUTE, () => {
        this.#world.destination = () => 'deliver';
      });
    }
  }

  routerTrouble(): void {
    if (!this.#dice.chance(0.3)) return;
    const at = this.#some(() => (this.#world.routerLoads = false));
    this.#at(at + this.#dice.int(1, 20) * MINUTE, () => (this.#world.routerLoads = true));
  }

  /** @param untilTheFix somebody forgets about it */
  hold(untilTheFix: boolean): void {
    const dice = this.#dice;
    if (!untilTheFix && !dice.chance(0.3)) return;
    const stage = dice.pick([STAGE, ROUTER] as const);
    const hold = () => void this.#world.command(stage, { type: 'hold', reason: 'a look at it' });
    if (untilTheFix) {
      this.#at(dice.int(0, 30) * MINUTE, hold);
      return;
    }
    const at = this.#some(hold);
    this.#at(at + dice.int(1, 20) * MINUTE, () => void this.#world.command(stage, { type: 'resume' }));
  }

  fix(): void {
    this.#at(this.#end, () => {
      const world = this.#world;
      world.routerLoads = true;
      world.destination = () => 'deliver';
      world.deploy({ version: 'fixed', loads: true, behaviour: () => 'deliver' });
      void world.command(ROUTER, { type: 'resume' });
      void world.command(STAGE, { type: 'resume' });
    });
  }

  /** Some time before the fix. @returns when */
  #some(run: () => void): number {
    const at = this.#dice.int(0, this.#end - 1);
    this.#at(at, run);
    return at;
  }

  #at(time: number, run: () => void): void {
    this.#world.schedule.after(time, run);
  }
}
