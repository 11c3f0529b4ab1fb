/** The checks of `sluice verify`, for a terminal. Pure. */
import type { CheckResult } from '../verify/run.ts';
import type { Receipt } from '../verify/receipt.ts';
import { plain, plural } from '../format.ts';
import type { Colors } from '../terminal.ts';

const indented = (text: string): string => `    ${plain(text)}`;

const linesOf = ({ outcome }: CheckResult): readonly string[] => {
  if (outcome.kind === 'not checked') return [outcome.why];
  if (outcome.kind === 'failed') return [outcome.why, `to do: ${outcome.fix}`];
  const figures = Object.entries(outcome.figures).map(([name, value]) => `${name} ${value}`);
  return [
    ...(figures.length === 0 ? [] : [figures.join(', ')]),
    ...(outcome.notChecked ?? []).map((part) => `not checked: ${part}`),
  ];
};

export const checkText = (result: CheckResult, colors: Colors): string => {
  const { number, title, outcome, seconds } = result;
  const color = { passed: colors.green, failed: colors.red, 'not checked': colors.yellow }[outcome.kind];
  return [
    `${String(number).padStart(2)}  ${color(outcome.kind.padEnd(11))}  ${title} (${seconds} s)`,
    ...linesOf(result).map((text) => colors.dim(indented(text))),
  ].join('\n');
};

export const verdictText = ({ passed, checks, target }: Receipt, colors: Colors): string => {
  const of = (kind: string): readonly CheckResult[] => checks.filter(({ outcome }) => outcome.kind === kind);
  const verdict = passed ? colors.green('passed') : colors.red('failed');
  const failures = of('failed').map(({ number }) => number);
  return (
    `\n${target}: ${verdict}: ${plural(of('passed').length, 'check')} passed, ${failures.length} failed` +
    `${failures.length === 0 ? '' : ` (${failures.join(', ')})`}, ${of('not checked').length} not checked`
  );
};
