/** Who is killed, and when: decided by dice, so that a seed gives the same plan again. */
import type { Dice } from '../driver/dice.ts';

/**
 * `group`: the local run and its functions together, as when the machine fails. `main`: the local run alone; its functions find out
 * that it is gone. `function`: one function's process, in whatever it does. `start`: everything, while it is starting.
 */
export const VICTIMS = ['group', 'main', 'function', 'start'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim;
  readonly afterMs: number;
  /** Since when: a start was begun, was up, or had made its first delivery. */
  readonly since: 'begun' | 'up' | 'delivering';
  /** The version of the transforms that the next start deploys. */
  readonly transforms: 'poisonous' | 'fixed';
  /** What is sent before the kill, or soon after, among other things. */
  readonly poisons: readonly Poison[];
}

/** An event on which a stage's code throws, or ends its process, as long as it is poisonous. */
export interface Poison {
  readonly stage: 'router' | 'crm';
  readonly kind: 'throw' | 'exit';
}

/** Some come while what the kill before has left behind is still hidden in the queues, most while it is taken up. */
const whenUp = (dice: Dice): Pick<Kill, 'afterMs' | 'since'> =>
  dice.chance(0.3)
    ? { since: 'up', afterMs: dice.int(0, 3_000) }
    : { since: 'delivering', afterMs: dice.int(0, 12_000) };

const whenBegun = (dice: Dice): Pick<Kill, 'afterMs' | 'since'> => ({
  since: 'begun',
  afterMs: dice.int(0, 3_500),
});

const nextVictim = (dice: Dice): Victim => {
  const throwOf = dice.next();
  if (throwOf < 0.35) return 'group';
  if (throwOf < 0.65) return 'main';
  return throwOf < 0.85 ? 'function' : 'start';
};

/** A few for their users to be parked for, or as many together as degrade a stage. */
const nextPoisons = (dice: Dice): readonly Poison[] => {
  const stage = dice.pick(['router', 'crm']);
  if (dice.chance(0.3)) return Array.from({ length: 5 }, () => ({ stage, kind: 'throw' }));
  return Array.from({ length: dice.int(1, 2) }, () => ({ stage, kind: dice.pick(['throw', 'exit']) }));
};

/** In kills: poison needs some starts to be found and set aside, and a fix some to bring back what was. */
const nextStretch = (version: Kill['transforms'], dice: Dice): number =>
  version === 'poisonous' ? dice.int(3, 7) : dice.int(2, 4);

/** The first start is poisonous. */
export const planKills = (kills: number, dice: Dice): readonly Kill[] => {
  let running: Kill['transforms'] = 'poisonous';
  let left = nextStretch(running, dice);
  return Array.from({ length: kills }, () => {
    const victim = nextVictim(dice);
    // To code that is fixed it would be an event like any other.
    const poisons = running === 'poisonous' ? nextPoisons(dice) : [];
    left -= 1;
    // After the kill of a function nothing is started, and so nothing deployed.
    if (left <= 0 && victim !== 'function') {
      running = running === 'fixed' ? 'poisonous' : 'fixed';
      left = nextStretch(running, dice);
    }
    return {
      victim,
      transforms: running,
      poisons,
      ...(victim === 'start' ? whenBegun(dice) : whenUp(dice)),
    };
  });
};
