/** Planted bugs: in the steps of a replay, and in its command. `test/simulation/replay` plants them in its own stories as well. */
import { PLANTED_IN_REPLAY } from '../replay/bugs.ts';
import type { Planted } from './planted-stores.ts';

export const PLANTED_IN_REPLAYS: readonly Planted[] = PLANTED_IN_REPLAY.map(
  ({ name, breaks, bug: { control } }) => ({
    name: `replay: ${name}`,
    breaks,
    bug: control === undefined ? {} : { control },
  }),
);
