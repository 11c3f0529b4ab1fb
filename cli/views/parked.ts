/** `sluice parked` and `sluice show`. Pure. */
import type { ControlResults } from '../../contract/operations.ts';
import type {
  ParkedKey,
  ParkedKeyView,
  ParkedMessageView,
  ParkedPage,
} from '../../contract/operator-views.ts';
import { ago, ahead, count, iso, isoAgo, line, plain, plural } from '../format.ts';
import type { View } from '../session.ts';
import { tableLines, WIDTH, type Column } from '../tables.ts';
import { crashLines } from './crash.ts';

const KEY_COLUMNS: readonly Column[] = [
  { head: 'key' },
  { head: 'messages', align: 'right' },
  { head: 'parked' },
  { head: 'tries', align: 'right' },
  { head: 'next try' },
];

export const parkedText = ({ keys, cursor }: ParkedPage, view: View): string => {
  const { colors, command } = view;
  if (keys.length === 0) return 'Nothing is parked.';
  const stages = [...new Set(keys.map(({ stage }) => stage))];
  const blocks = stages.map((stage) =>
    stageBlock(
      stage,
      keys.filter((key) => key.stage === stage),
      view,
    ),
  );
  const more =
    cursor === undefined ? [] : [`There are more: raise --limit, or continue with --cursor ${cursor}`];
  const hints = [
    `Look at one: ${colors.cyan(command('show <stage> <key>'))}`,
    `Put them back now: ${colors.cyan(command('retry <stage> [key]'))}`,
  ];
  return [...blocks, [...more, ...hints].join('\n')].join('\n\n');
};

const messagesOf = ({ messages, countIsExact }: ParkedKey): string =>
  `${count(messages)}${countIsExact ? '' : '+'}`;

const stageBlock = (stage: string, keys: readonly ParkedKey[], { now, colors }: View): string => {
  const { head, rows } = tableLines(
    KEY_COLUMNS,
    keys.map((key) => [
      line(key.key, 60),
      messagesOf(key),
      ago(key.parkedAt, now),
      count(key.failures),
      ahead(key.nextAttemptAt, now),
    ]),
    colors,
  );
  return [
    `${colors.bold(stage)}: ${plural(keys.length, 'parked key')}`,
    ...head.map((text) => `  ${text}`),
    ...rows.flatMap((text, i) => [`  ${text}`, ...whyLines(keys[i], colors)]),
  ].join('\n');
};

const whyLines = (key: ParkedKey | undefined, colors: View['colors']): readonly string[] => {
  if (key === undefined) return [];
  const { crash, reason } = key;
  const error = crash === undefined || reason.includes(crash.error) ? '' : crash.error;
  const why = [reason, error].filter((text) => text !== '').join(': ');
  return why === '' ? [] : [`    ${colors.red(line(why, WIDTH - 4))}`];
};

const triesText = (failures: number): string => {
  if (failures === 0) return 'not tried again yet';
  return failures === 1 ? '1 unsuccessful try' : `${count(failures)} unsuccessful tries`;
};

export const showText = ({ key, messages, more }: ParkedKeyView, view: View): string => {
  const { now, colors, command } = view;
  const { stage, parkedAt, nextAttemptAt, failures, reason } = key;
  const head = [
    `${colors.bold(stage)}  ${line(key.key, 80)}`,
    `  parked since ${isoAgo(parkedAt, now)}${reason === '' ? '' : `: ${line(reason, 200)}`}`,
    `  ${messagesOf(key)} ${key.messages === 1 ? 'message' : 'messages'}; ` +
      `${triesText(failures)}; ` +
      `next try: ${ahead(nextAttemptAt, now)} (${iso(nextAttemptAt)})`,
  ];
  const last = [
    ...(more ? ['There are more messages: raise --limit.'] : []),
    `Put them back now: ${colors.cyan(command(`retry ${stage} ${key.key}`))}`,
    `Give up one event: ${colors.cyan(command(`discard ${stage} ${key.key} <messageId> --reason <why>`))}`,
  ];
  return [head, ...messages.map((message, i) => messageLines(message, i, view)), last]
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};

const messageLines = (message: ParkedMessageView, index: number, view: View): readonly string[] => {
  const { acceptedAt, done, crash, lastError, events } = message;
  const finished = done === 0 ? '' : `; ${plural(done, 'event')} of it finished already`;
  return [
    `  ${index + 1}. accepted ${isoAgo(acceptedAt, view.now)}${finished}`,
    ...(crash === undefined ? [] : crashLines(crash, view, { label: 'crash', indent: 5, stack: 5 })),
    ...(lastError === undefined || lastError === crash?.error
      ? []
      : [`     last error: ${view.colors.red(line(lastError, WIDTH - 17))}`]),
    ...failedLines(message, view),
    ...events.flatMap(({ messageId, type, event }) => [
      `     ${line(type ?? 'event', 12).padEnd(8)}  ${line(messageId, 200)}`,
      ...(event === undefined ? [] : contentLines(event, view)),
    ]),
  ];
};

/** Since when it fails: from that an operator can guess how long it will continue. */
const failedLines = (
  { failures = 0, firstFailedAt, lastFailedAt }: ParkedMessageView,
  { now, colors }: View,
): readonly string[] => {
  if (failures === 0 || firstFailedAt === undefined) return [];
  const last = lastFailedAt === undefined || failures === 1 ? '' : `, last ${ago(lastFailedAt, now)}`;
  return [colors.dim(`       failed ${plural(failures, 'time')} since ${isoAgo(firstFailedAt, now)}${last}`)];
};

const contentLines = (event: unknown, { colors }: View): readonly string[] =>
  plain(JSON.stringify(event, undefined, 2))
    .split('\n')
    .map((text) => colors.dim(`       ${text}`));

/** Control has started to put them back; it continues with the rest each minute. */
export const retryText = ({ keys, shut = [] }: ControlResults['retry'], { command }: View): string =>
  [
    keys === 0
      ? 'Nothing is parked there.'
      : `${plural(keys, 'parked key')} due now. What of it is left: ${command('parked')}`,
    ...(shut.length === 0
      ? []
      : [`Left out, because they forward nothing now: ${shut.join(', ')}. See ${command('status')}`]),
  ].join('\n');
