/** `sluice rejected list`. Pure. */
import type { RejectedEvent, RejectedPage } from '../../contract/operator-views.ts';
import { ago, ahead, bytes, days, iso, line, plain, plural } from '../format.ts';
import type { View } from '../session.ts';
import { tableLines, WIDTH, type Column } from '../tables.ts';

const COLUMNS: readonly Column[] = [
  { head: 'rejected' },
  { head: 'source' },
  { head: 'events', align: 'right' },
  { head: 'size', align: 'right' },
  { head: 'why' },
];

export const rejectedText = ({ events, retention, cursor }: RejectedPage, view: View): string => {
  const { colors, command } = view;
  if (events.length === 0) return 'Nothing was rejected.';
  const stages = [...new Set(events.map(({ stage }) => stage))];
  const blocks = stages.map((stage) =>
    stageBlock(
      stage,
      events.filter((event) => event.stage === stage),
      view,
    ),
  );
  const more =
    cursor === undefined ? [] : [`There are more: raise --limit, or continue with --cursor ${cursor}`];
  const hint = `Send one again: ${colors.cyan(command('rejected retry <stage> <id>'))}`;
  return [...blocks, [...more, ...retentionLines(events, retention, view), hint].join('\n')].join('\n\n');
};

/** By what is listed: the first of them. */
const retentionLines = (
  events: readonly RejectedEvent[],
  retention: number | undefined,
  { now }: View,
): readonly string[] => {
  if (retention === undefined) return [];
  const first = Math.min(...events.map(({ at }) => at)) + retention;
  const when = first <= now ? 'within a day or so of now' : `${ahead(first, now)} (${iso(first)})`;
  return [`Records are deleted when they are ${days(retention)} old; the first of these ${when}.`];
};

/** Ids are long and have to be copied whole, so each has a line of its own. */
const stageBlock = (stage: string, events: readonly RejectedEvent[], view: View): string => {
  const { now, colors } = view;
  const { head, rows } = tableLines(
    COLUMNS,
    events.map(({ at, sourceId, count, size, reason, discarded, by }) => [
      ago(at, now),
      line(sourceId, 16),
      String(count),
      bytes(size),
      line(discarded ? `discarded by ${by ?? 'hand'}: ${reason}` : reason, 50),
    ]),
    colors,
  );
  return [
    `${colors.bold(stage)}: ${plural(events.length, 'record')}`,
    ...head.map((text) => `  ${text}`),
    ...rows.flatMap((text, i) => [`  ${text}`, ...furtherLines(events[i], view)]),
  ].join('\n');
};

const furtherLines = (event: RejectedEvent | undefined, { colors }: View): readonly string[] => {
  if (event === undefined) return [];
  const { id, answer, body } = event;
  return [
    `    ${plain(id)}`,
    ...(answer === undefined
      ? []
      : [colors.dim(`    answered ${answer.status}: ${line(answer.body, WIDTH - 18)}`)]),
    ...(body === undefined ? [] : [colors.dim(`    ${plain(body)}`)]),
  ];
};
