/** `sluice adopt`: what was moved, and what is left to do. Pure. */
import type { Adopted } from '../adopt/run.ts';
import { plural } from '../format.ts';
import type { View } from '../session.ts';

export const adoptText = (
  destination: string,
  { stage, queues, moved, heldBack, heldBackGroups, left }: Adopted,
  { colors, command }: View,
): string => {
  const isEmpty = heldBack + left === 0;
  return [
    `${plural(moved, 'message')} moved to the queue of ${stage}, which delivers ${moved === 1 ? 'it' : 'them'} now, each user's in order.`,
    ...(heldBack === 0
      ? []
      : [
          colors.yellow(
            `${plural(heldBack, 'message')} of ${plural(heldBackGroups, 'parked user')} stayed: what is parked of them is older.`,
          ),
          `  Deliver that first: ${colors.cyan(command(`retry ${destination}`))}, or see ${colors.cyan(command(`parked ${destination}`))}; then adopt again.`,
        ]),
    ...(left === 0
      ? []
      : [
          colors.yellow(
            `About ${plural(left, 'message')} could not be received now. Adopt again in a minute.`,
          ),
        ]),
    ...(isEmpty ? [`Nothing is left in ${queues.join(' and ')}: delete them when you like.`] : []),
  ].join('\n');
};
