/** The users with the largest backlogs, in lines. Pure. */
import type { HotKey } from '../../contract/modes.ts';
import { ago, plural } from '../format.ts';
import type { View } from '../session.ts';

/** "  rTp6…: about 45,000 messages; the latest to be received was sent 12 min ago" */
export const hotKeyLines = (stage: string, keys: readonly HotKey[], view: View): readonly string[] => {
  const { colors, now } = view;
  return [
    `${colors.bold(stage)}: the keys with the largest backlogs in its queue`,
    ...keys.map(
      ({ key, backlog, age, at }) =>
        `  ${key}: about ${plural(backlog, 'message')}; the latest that was received had been sent ${ago(at - age, now)}`,
    ),
  ];
};
