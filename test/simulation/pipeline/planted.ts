import { draw, isAboutEvidence } from './draw.ts';
import { PLANTED_AROUND } from './planted-around.ts';
import { PLANTED_IN_EVIDENCE } from './planted-evidence.ts';
import { PLANTED_IN_REPLAYS } from './planted-replays.ts';
import { PLANTED_IN_SANDBOX } from './planted-sandbox.ts';
import { PLANTED_IN_STAGES } from './planted-stages.ts';
import { PLANTED_IN_STORES, type Planted } from './planted-stores.ts';
import { PLANTED_IN_UNITS } from './planted-units.ts';
import { PLANTED_IN_WORDS } from './planted-words.ts';
import { tell } from './run.ts';

export type { Planted } from './planted-stores.ts';

export const PLANTED: readonly Planted[] = [
  ...PLANTED_IN_STORES,
  ...PLANTED_IN_UNITS,
  ...PLANTED_IN_STAGES,
  ...PLANTED_IN_SANDBOX,
  ...PLANTED_IN_WORDS,
  ...PLANTED_IN_EVIDENCE,
  ...PLANTED_AROUND,
  ...PLANTED_IN_REPLAYS,
];

export interface Caught {
  readonly seed: number;
  /** The invariant that was violated. */
  readonly by: string;
}

export const caughtAt = async (planted: Planted, seed: number): Promise<Caught | undefined> => {
  const { violation } = await tell(planted.plan ?? draw(seed), { bug: planted.bug });
  return violation === undefined ? undefined : { seed, by: violation.split(':', 1)[0] ?? '' };
};

/**
 * @returns the first seed, from 1 on, that catches the bug: of a scenario about evidence for a bug in evidence, of one with a replay for a bug
 * in replays, else of another
 */
export const hunt = async (planted: Planted, seeds: number): Promise<Caught | undefined> => {
  if (planted.plan !== undefined) return caughtAt(planted, 0);
  const isAbout = PLANTED_IN_EVIDENCE.includes(planted);
  const needsReplay = PLANTED_IN_REPLAYS.includes(planted);
  for (let seed = 1; seed <= seeds; seed++) {
    if (isAboutEvidence(seed) !== isAbout || (needsReplay && draw(seed).past === undefined)) continue;
    const caught = await caughtAt(planted, seed);
    if (caught !== undefined) return caught;
  }
  return undefined;
};
