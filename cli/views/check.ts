/** `sluice check`. Pure. */
import { UNAVAILABLE_SECRET, type CheckFailure, type CheckLine } from '../../contract/transform-check.ts';
import type { StageCheck, StageRun } from '../check/run.ts';
import { line, plural, stackLines } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';
import { kindText } from './crash.ts';

/** Characters; `--json` has all of it. */
const MAX_OUTPUT = 2_000;
const MAX_ERROR = 1_000;
/** Calls of a stack. */
const CALLS = 8;

type Colors = View['colors'];

/** @param missing names of the secrets that had no value @param file where the values are */
export const checkText = (
  checks: readonly StageCheck[],
  { colors }: Pick<View, 'colors'>,
  { missing, file }: { readonly missing: readonly string[]; readonly file: string },
): string => {
  const secrets = missing.map(
    (name) => `The secret ${name} has no value in ${file}: the transform got "${UNAVAILABLE_SECRET}".`,
  );
  return [...checks.map((check) => stageText(check, colors)), [...secrets, summary(checks)].join('\n')].join(
    '\n\n',
  );
};

const stageText = (check: StageCheck, colors: Colors): string =>
  [
    colors.bold(check.stage),
    ...notes(check).map((text) => `  ${text}`),
    ...(check.load === undefined
      ? []
      : [`  ${colors.red(line(check.load.error, MAX_ERROR))}`, ...failureLines(check.load, colors)]),
    ...printedLines(check.printed, 2, colors),
    ...check.runs.flatMap((run) => runLines(run, colors)),
    ...check.late.flatMap((late) => lateLines(late, colors)),
  ].join('\n');

/** What a reader has to know of the events. */
const notes = ({ unreached = [], transformed = 0, leftOut = 0, runs, load }: StageCheck): string[] => [
  ...(unreached.length === 0
    ? []
    : [
        `not given: ${line(unreached.join(', '), WIDTH)} (the pipeline's transform filtered them out, or crashed)`,
      ]),
  ...(transformed === 0
    ? []
    : [
        `the transform had made ${plural(transformed, 'event')} of these already: a record holds what was sent`,
      ]),
  ...(leftOut === 0 ? [] : [`left out ${plural(leftOut, 'record')} without a whole event`]),
  ...(runs.length === 0 && load === undefined ? ['loads; no event ran'] : []),
];

const resultText = ({ unchanged, outputs = [] }: StageRun): string => {
  if (unchanged) return 'unchanged';
  return outputs.length === 0 ? 'filtered' : plural(outputs.length, 'event');
};

const runLines = (run: StageRun, colors: Colors): string[] => {
  const { eventId, type, outputs, crash, printed, unchanged } = run;
  const id = `  ${line(eventId, 200)}${type === undefined ? '' : ` (${line(type, 20)})`}`;
  return [
    ...(outputs === undefined ? [] : [`${id} -> ${resultText(run)}`]),
    ...(unchanged ? [] : (outputs ?? [])).map((output) =>
      colors.dim(`    ${line(JSON.stringify(output), MAX_OUTPUT)}`),
    ),
    ...(crash === undefined
      ? []
      : [`${id} -> ${colors.red(`crash: ${line(crash.error, MAX_ERROR)}`)}`, ...failureLines(crash, colors)]),
    ...printedLines(printed, 4, colors),
  ];
};

const failureLines = ({ kind, stack }: CheckFailure, colors: Colors): string[] =>
  [kindText(kind), ...stackLines(stack, CALLS, WIDTH - 4)].map((text) => colors.dim(`    ${text}`));

const lateLines = (late: CheckFailure, colors: Colors): string[] => {
  const whose = late.eventId === undefined ? '' : ` of ${line(late.eventId, 200)}`;
  return [
    `  ${colors.red(`late crash${whose}: ${line(late.error, MAX_ERROR)}`)}`,
    ...failureLines(late, colors),
  ];
};

const printedLines = (lines: readonly CheckLine[], indent: number, colors: Colors): string[] =>
  lines.map(({ level, text, fields }) =>
    colors.dim(
      `${' '.repeat(indent)}printed${level === 'warn' ? ' (warn)' : ''}: ${line(`${text} ${fields ?? ''}`, MAX_OUTPUT)}`,
    ),
  );

const summary = (checks: readonly StageCheck[]): string => {
  const runs = checks.flatMap((check) => check.runs);
  const crashed = runs.filter(({ crash }) => crash !== undefined).length;
  const filtered = runs.filter(({ outputs }) => outputs?.length === 0).length;
  const late = checks.reduce((sum, check) => sum + check.late.length, 0);
  const broken = checks.filter(({ load }) => load !== undefined).map(({ stage }) => stage);
  const parts = [
    `${runs.length - crashed - filtered} passed`,
    `${filtered} filtered`,
    `${crashed} crashed`,
    ...(late === 0 ? [] : [plural(late, 'late crash', 'late crashes')]),
    ...broken.map((stage) => `the transform of ${stage} does not load`),
  ];
  return `${plural(runs.length, 'event')} in ${plural(checks.length, 'stage')}: ${parts.join(', ')}.`;
};
