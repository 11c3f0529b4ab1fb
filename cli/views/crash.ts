/** A crash, as it is shown wherever one is. Pure. */
import type { Crash, CrashKind, LateCrashes } from '../../contract/modes.ts';
import { isoAgo, line, plural, stackLines, version } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';

const KINDS: Readonly<Record<CrashKind, string>> = {
  throw: 'the code threw',
  exit: 'the transform ended its thread (process.exit)',
  timeout: 'the transform took longer than its timeout',
  memory: 'the transform ran out of memory',
  load: 'the code does not load',
  late: 'the transform failed after the event was answered',
  death: "the function's process ended",
  'dead letter': 'SQS gave up on the message',
};
const WORDS: ReadonlyMap<string, string> = new Map(Object.entries(KINDS));

/** A newer version may report kinds that this one does not know: they are shown as they are. */
export const kindText = (kind: string): string => WORDS.get(kind) ?? line(kind, 40);

/** Ids are copied into other commands, so they are not shortened to the width of the screen. */
const MAX_ID = 200;

/** The event and the message, as far as they are known. */
const placeLines = ({ eventId, messageId }: Crash): readonly string[] => {
  const message = messageId === undefined ? '' : `message ${line(messageId, MAX_ID)}`;
  if (eventId === undefined) return message === '' ? [] : [message];
  return [`event ${line(eventId, MAX_ID)}${message === '' ? '' : ` in ${message}`}`];
};

/** The error, where it happened, and the first lines of its stack. */
export const crashLines = (
  crash: Crash,
  { now, colors }: View,
  { label = 'last crash', indent = 2, stack = 3 }: { label?: string; indent?: number; stack?: number } = {},
): readonly string[] => {
  const margin = ' '.repeat(indent);
  const inner = `${margin}  `;
  const facts = `${kindText(crash.kind)}, ${isoAgo(crash.at, now)}, code ${version(crash.codeVersion)}`;
  return [
    `${margin}${label}: ${colors.red(line(crash.error, WIDTH - indent - label.length - 2))}`,
    ...[facts, ...placeLines(crash), ...stackLines(crash.stack, stack, WIDTH - indent - 2)].map((text) =>
      colors.dim(`${inner}${text}`),
    ),
  ];
};

/** "3 late crashes since 2026-11-22T19:52:00Z (2 h ago)" */
export const lateText = ({ count, since }: LateCrashes, now: number): string =>
  `${plural(count, 'late crash', 'late crashes')} since ${isoAgo(since, now)}`;

/** They are the code's, and not the stage's, to fix: nothing of it is in the colour of trouble but the error. */
export const lateLines = (stage: string, late: LateCrashes, view: View): readonly string[] => [
  `${view.colors.bold(stage)}: ${lateText(late, view.now)}. They delay no event, and lose none.`,
  ...crashLines(late.last, view, { label: 'the last' }),
];
