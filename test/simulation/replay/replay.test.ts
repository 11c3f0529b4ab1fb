/** Stories of a replay under live traffic, with deaths and faults at every call; and planted bugs, each of which some story shows. */
import { describe, expect, it } from '@jest/globals';
import { PLANTED_IN_ERASURE, PLANTED_IN_REPLAY } from './bugs.ts';
import { ReplayWorld, type ReplayBug } from './world.ts';

const SEEDS = 60;
/** A bug that takes more is not shown. */
const MOST = 400;

const tell = (seed: number, bug: ReplayBug = {}): Promise<string | undefined> =>
  new ReplayWorld(seed, bug).tell();

it(`no event is lost or overtakes another, in ${String(SEEDS)} stories`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    expect({ seed, violation: await tell(seed) }).toEqual({ seed, violation: undefined });
});

describe('a planted bug is found', () => {
  it.each([...PLANTED_IN_REPLAY, ...PLANTED_IN_ERASURE])('$name', async ({ bug }) => {
    for (let seed = 1; seed <= MOST; seed += 1) if ((await tell(seed, bug)) !== undefined) return;
    throw new Error(`not in ${String(MOST)} stories`);
  });
});
