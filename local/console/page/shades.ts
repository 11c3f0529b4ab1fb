/** When the system was not normal: the charts are shaded there. No DOM here. */
import type { ModeChange } from '../../../contract/modes.ts';

/** Seconds since 1970. */
export interface Shade {
  readonly from: number;
  readonly to: number;
}

/** @param history the latest change last @param now milliseconds since 1970 */
export const troubles = (history: readonly ModeChange[], now: number): readonly Shade[] =>
  history.flatMap(({ mode, at }, i) =>
    mode === 'normal' ? [] : [{ from: at / 1000, to: (history[i + 1]?.at ?? now) / 1000 }],
  );
