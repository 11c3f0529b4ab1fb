/** Who is killed, and when: decided by dice, so that a seed gives the same plan again. */
import type { Dice } from '../test/simulation/dice.ts';

/**
 * `group`: the local run and its functions at once, as when the machine fails. `main`: the local run alone; its functions find out
 * that nobody is there. `function`: one function's process, in whatever it does. `start`: everything, while it is starting.
 */
export const VICTIMS = ['group', 'main', 'function', 'start'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim;
  readonly afterMs: number;
  /** Since when: a start was begun, was up, or had made its first delivery. */
  readonly since: 'begun' | 'up' | 'delivering';
  /** The version of the transforms that the next start deploys. */
  readonly transforms: 'poisonous' | 'mended';
  /** What is sent before the kill, among other things. */
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

/** One for a user to be parked for; many, of as many users, for a stage to degrade. */
const nextPoisons = (dice: Dice): readonly Poison[] => {
  const stage = dice.pick(['router', 'crm']);
  const throwOf = dice.next();
  if (throwOf < 0.6) return [{ stage, kind: dice.pick(['throw', 'exit']) }];
  return throwOf < 0.8 ? Array.from({ length: 5 }, () => ({ stage, kind: 'throw' })) : [];
};

/** Poison needs some starts to be found and set aside, and a fix some to bring back what was. */
const CHANGE_OF_VERSION = 0.2;

export const planKills = (kills: number, dice: Dice): readonly Kill[] => {
  let transforms: Kill['transforms'] = 'poisonous';
  return Array.from({ length: kills }, () => {
    const victim = nextVictim(dice);
    if (dice.chance(CHANGE_OF_VERSION)) transforms = transforms === 'mended' ? 'poisonous' : 'mended';
    const poisons = nextPoisons(dice);
    return { victim, transforms, poisons, ...(victim === 'start' ? whenBegun(dice) : whenUp(dice)) };
  });
};
