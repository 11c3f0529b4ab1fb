/** The checks of `sluice doctor`, for a terminal. Pure. */
import type { Finding } from '../doctor/finding.ts';
import type { CheckResult } from '../doctor/run.ts';
import { plain } from '../format.ts';
import type { Colors } from '../terminal.ts';

/** Of a long list; `--json` has all. */
const DETAILS = 10;

const indented = (text: string): readonly string[] => text.split('\n').map((line) => `    ${plain(line)}`);

const shortened = (details: readonly string[]): readonly string[] =>
  details.length <= DETAILS
    ? details
    : [...details.slice(0, DETAILS), `and ${details.length - DETAILS} more (--json has all)`];

const linesOf = (finding: Finding): readonly string[] => {
  if (finding.result === 'not checked') return [finding.why];
  if (finding.result === 'fine')
    return [finding.text, ...shortened(finding.notChecked ?? []).map((part) => `not checked: ${part}`)];
  return finding.problems.flatMap(({ what, fix, details = [] }) => [
    what,
    ...shortened(details).map((line) => `  ${line}`),
    `to do: ${fix}`,
  ]);
};

export const resultText = ({ title, finding }: CheckResult, colors: Colors): string => {
  const color = { fine: colors.green, wrong: colors.red, 'not checked': colors.yellow }[finding.result];
  return [
    `${color(finding.result.padEnd(11))}  ${title}`,
    ...linesOf(finding).flatMap(indented).map(colors.dim),
  ].join('\n');
};

export const summaryText = (target: string, results: readonly CheckResult[], colors: Colors): string => {
  const count = (wanted: Finding['result']): number =>
    results.filter(({ finding }) => finding.result === wanted).length;
  const bad = count('wrong');
  const verdict = bad === 0 ? colors.green('nothing is wrong') : colors.red(`${bad} wrong`);
  return `\n${target}: ${verdict}, ${count('fine')} fine, ${count('not checked')} not checked`;
};
