/** In `sluice status`: records of rejected and discarded events that a retention will delete soon. Pure. */
import type { ExpiringRecords } from '../../contract/status.ts';
import { ahead, count, iso, plural } from '../format.ts';
import type { View } from '../session.ts';

export const expiringLines = (
  expiring: readonly ExpiringRecords[],
  { now, colors, command }: View,
): readonly string[] => {
  if (expiring.length === 0) return [];
  return [
    'Records of rejected events that will be deleted, because their retention is over:',
    ...expiring.map(({ stage, records, unseen, next }) => {
      const what = `  ${colors.bold(stage)}: ${plural(records, 'record')}, the first ${ahead(next, now)} (${iso(next)})`;
      if (unseen === 0) return what;
      return `${what}; ${colors.yellow(`nobody has seen ${count(unseen)}`)}: ${colors.cyan(command(`rejected list ${stage}`))}`;
    }),
  ];
};
