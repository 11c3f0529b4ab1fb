/** `sluice report`: what the file holds, in a few lines. Pure. */
import type { StageStatus } from '../../contract/status.ts';
import { ago, count, line, plural } from '../format.ts';
import type { Report } from '../report.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';
import { lateText } from './crash.ts';

const isTroubled = ({ mode, held, reason }: StageStatus): boolean =>
  reason !== '' && (mode !== 'normal' || held);

export const reportText = (file: string, report: Report, { colors, now }: View): string => {
  const { status, history, crashes, failures, lateCrashes, parked, rejected, content, problems } = report;
  const modes = status.stages.map(({ id, mode, held }) => `${id} ${mode}${held ? ', held' : ''}`).join('; ');
  const events = rejected.counts.reduce((sum, one) => sum + one.events, 0);
  const ofUser = report.ofOneUser === true ? ' of the user' : '';
  const atLeast = (complete: boolean): string => (complete ? '' : 'the first ');
  return [
    `Wrote ${colors.bold(file)}:`,
    `  modes and queue counts of ${plural(status.stages.length, 'stage')}: ${modes}`,
    // The file goes to someone else: the sender wants to know that it has what they saw.
    ...status.stages.filter(isTroubled).map((stage) => `  ${stage.id}: ${line(stage.reason, 2 * WIDTH)}`),
    `  ${plural(history.length, 'change')} of mode`,
    `  ${crashes.length === 1 ? '1 crash, with its stack' : `${count(crashes.length)} crashes, with their stacks`}`,
    ...failures.map(
      ({ stage, kind, text, at }) => `  ${stage}: last ${kind} ${ago(at, now)}: ${line(text, WIDTH)}`,
    ),
    ...lateCrashes.map(
      (late) => `  ${late.stage}: ${lateText(late, now)}, the last: ${line(late.last.error, WIDTH)}`,
    ),
    `  ${atLeast(parked.complete)}${plural(parked.keys.length, 'parked key')}${ofUser}`,
    `  counts of ${atLeast(rejected.complete)}${plural(events, 'rejected event')}${ofUser}, by reason`,
    content === undefined
      ? "  no event's content (but errors are quoted as they were thrown, whatever they say)"
      : colors.yellow(`  the content of ${plural(content.length, 'parked key')}: this is the users' data`),
    ...problems.map((problem) => colors.red(`  could not be read: ${problem}`)),
  ].join('\n');
};
