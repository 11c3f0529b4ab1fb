/** Why a stage is as it is: its last failures, what waits, what got through last, and its code. Pure. */
import type { LastFailure } from '../../contract/modes.ts';
import type { StageStatus } from '../../contract/status.ts';
import { ago, count, isoAgo, line, plural, version } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';
import { crashLines } from './crash.ts';

const HOUR = 3_600_000;

/** A failure of any kind, as it is listed. */
interface Shown {
  readonly at: number;
  readonly lines: (view: View) => readonly string[];
}

const FAILURES = [
  { field: 'lastRefusal', label: 'refused by AWS' },
  { field: 'lastFailure', label: 'last failure' },
  { field: 'lastRejection', label: 'last rejection' },
] as const;

const failureLines = (
  label: string,
  { text, at, codeVersion }: LastFailure,
  view: View,
): readonly string[] => {
  const { now, colors } = view;
  return [
    `  ${label}: ${colors.red(line(text, 3 * WIDTH))}`,
    colors.dim(`    ${isoAgo(at, now)}, code ${version(codeVersion)}`),
  ];
};

/** Crashes included; the newest first. */
const failuresOf = (stage: StageStatus): readonly Shown[] =>
  [
    ...FAILURES.flatMap(({ field, label }) => {
      const failure = stage[field];
      return failure === undefined
        ? []
        : [{ at: failure.at, lines: (view: View) => failureLines(label, failure, view) }];
    }),
    ...(stage.lastCrash === undefined ? [] : [crashOf(stage.lastCrash)]),
  ].sort((one, other) => other.at - one.at);

const crashOf = (crash: NonNullable<StageStatus['lastCrash']>): Shown => ({
  at: crash.at,
  lines: (view) => crashLines(crash, view),
});

/** When any failure of it was last seen; undefined: there is no record of one. */
export const lastFailedAt = (stage: StageStatus): number | undefined => failuresOf(stage)[0]?.at;

/** Something failed within the last hour, or since the last delivery: an operator who looks wants to see it from the first time on. */
export const isFailing = (stage: StageStatus, now: number): boolean => {
  const at = lastFailedAt(stage);
  return at !== undefined && (now - at < HOUR || at > (stage.progress.deliveredAt ?? Infinity));
};

export const causeLines = (stage: StageStatus, view: View): readonly string[] => [
  ...failuresOf(stage).flatMap(({ lines }) => lines(view)),
  ...(stage.probeFailures > 0 ? ['  its function fails its probes'] : []),
  ...waitingLines(stage),
  ...progressLines(stage, view),
  ...codeLines(stage, view),
];

const waitingLines = ({ waiting: { messages, keys, own } }: StageStatus): readonly string[] => {
  if (messages + keys + own === 0) return [];
  const trouble = own === 0 ? '' : `; ${count(own)} more parked in trouble of their own`;
  return [`  waiting: ${plural(messages, 'message')} in its queue, ${plural(keys, 'parked user')}${trouble}`];
};

const progressLines = (
  { progress: { deliveredAt, filteredAt } }: StageStatus,
  { now }: View,
): readonly string[] => {
  if (deliveredAt === undefined && filteredAt === undefined) return [];
  const delivered =
    deliveredAt === undefined ? 'never delivered' : `last delivered ${isoAgo(deliveredAt, now)}`;
  return [`  ${delivered}${filteredAt === undefined ? '' : `, last filtered out ${ago(filteredAt, now)}`}`];
};

const codeLines = ({ code }: StageStatus, { now }: View): readonly string[] =>
  code === undefined
    ? []
    : [`  running code ${version(code.version)}, first seen ${isoAgo(code.since, now)}`];
