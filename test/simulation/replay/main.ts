/** `npm run simulate -- --replays --from S --seeds N`: stories of a replay, one after another. */
import { ReplayWorld } from './world.ts';

/** @returns whether there was no violation */
export const tellReplays = async (
  from: number,
  seeds: number,
  say: (line: string) => void,
): Promise<boolean> => {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const violation = await new ReplayWorld(seed, {}).tell();
    if (violation !== undefined) {
      say(`seed ${String(seed)}: ${violation}`);
      return false;
    }
  }
  say(`${String(seeds)} stories of a replay, from ${String(from)} on: no violation`);
  return true;
};
