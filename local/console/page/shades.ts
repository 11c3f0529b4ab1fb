/** When the worst stage was not normal: the charts are shaded there. No DOM here. */
import type { ModeChange } from '../../../contract/modes.ts';

/** Seconds since 1970. */
export interface Shade {
  readonly from: number;
  readonly to: number;
}

/**
 * The times in which at least one stage was not normal, apart from each other and in order.
 * @param histories of each stage, the latest change last @param now milliseconds since 1970
 */
export const troubles = (histories: readonly (readonly ModeChange[])[], now: number): readonly Shade[] => {
  const spans = histories.flatMap((history) =>
    history.flatMap(({ mode, at }, i) =>
      mode === 'normal' ? [] : [{ from: at / 1000, to: (history[i + 1]?.at ?? now) / 1000 }],
    ),
  );
  return spans.sort((a, b) => a.from - b.from).reduce<readonly Shade[]>(joined, []);
};

/** Two shades that overlap would be darker than one. @param span begins no earlier than the last shade */
const joined = (shades: readonly Shade[], span: Shade): readonly Shade[] => {
  const last = shades.at(-1);
  if (last === undefined || span.from > last.to) return [...shades, span];
  return [...shades.slice(0, -1), { from: last.from, to: Math.max(last.to, span.to) }];
};
