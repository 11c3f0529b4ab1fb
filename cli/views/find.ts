/** `sluice find`. Pure. */
import type { FoundKey, FoundRecord, Person } from '../../contract/operator-views.ts';
import { ago, ahead, isoAgo, line, plain, plural } from '../format.ts';
import { flagsOf, type Found } from '../person.ts';
import type { View } from '../session.ts';

/** Records that are shown; --json has all. */
const SHOWN = 50;

export const findText = ({ parked, rejected, keys }: Found, person: Person, view: View): string => {
  const { colors, command } = view;
  const nothing = ['Nothing of this user is parked, rejected or discarded.'];
  const kept = [...parkedLines(parked, person, view), ...recordLines(rejected, view)];
  const first = keys[0];
  return [
    ...(kept.length === 0 ? nothing : kept),
    '',
    `What cannot be seen here: events that wait in a queue (${colors.cyan(command('status'))} says how many wait, and since when), and`,
    'what was delivered: the destination has it.',
    ...(first === undefined
      ? []
      : ['', 'Order keys of these ids:', ...keys.map(({ source, key }) => `  ${plain(source)}  ${key}`)]),
  ].join('\n');
};

const parkedLines = (
  parked: readonly FoundKey[],
  person: Person,
  { now, colors, command }: View,
): readonly string[] =>
  parked.flatMap(
    ({ stage, key, source, events, messages, oldestAcceptedAt, parkedAt, nextAttemptAt, reason }) => [
      `${colors.bold(plain(stage))}: ${plural(events, 'event')} of source ${line(source, 40)} parked, the oldest accepted ${isoAgo(oldestAcceptedAt, now)}`,
      `  parked since ${ago(parkedAt, now)}, ${plural(messages, 'message')} in the key; next try: ${ahead(nextAttemptAt, now)}`,
      ...(reason === '' ? [] : [`  ${colors.red(line(reason, 110))}`]),
      `  Look: ${colors.cyan(command(`show ${stage} ${flagsOf({ ...person, source })}`))}   its key: ${key}`,
    ],
  );

const recordLines = (rejected: readonly FoundRecord[], { now, colors }: View): readonly string[] => {
  const left = rejected.length - SHOWN;
  return [
    ...rejected
      .slice(0, SHOWN)
      .flatMap(({ stage, id, at, sourceId, events, count, discarded, by, reason }) => [
        `${colors.bold(plain(stage))}: ${plural(events, 'event')} of source ${line(sourceId, 40)} ${discarded ? `discarded by ${line(by ?? 'hand', 40)}` : 'rejected'} ${ago(at, now)}${count > events ? `, in a record of ${count}` : ''}`,
        `  ${line(reason, 110)}`,
        `  record ${plain(id)}`,
      ]),
    ...(left > 0 ? [`... and ${plural(left, 'record')} more: --json has all of them`] : []),
  ];
};
