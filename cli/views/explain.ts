/** `sluice explain`. Pure. */
import type { Decision, Explanation } from '../check/explain.ts';
import { line } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';
import { kindText } from './crash.ts';

type Colors = View['colors'];

const MAX_ID = 200;
const MAX_ERROR = 1_000;

export const explainText = (explanations: readonly Explanation[], { colors }: Pick<View, 'colors'>): string =>
  explanations.map((one) => eventText(one, colors)).join('\n\n');

const eventText = (explanation: Explanation, colors: Colors): string => {
  const { eventId, source, transformed, crash, outputs } = explanation;
  const title = `${colors.bold(line(eventId, MAX_ID))} from the source ${source}`;
  if (crash !== undefined)
    return [
      title,
      `  ${colors.red(`the pipeline's transform crashes: ${line(crash.error, MAX_ERROR)}`)}`,
      colors.dim(`    ${kindText(crash.kind)}`),
    ].join('\n');
  if (outputs.length === 0)
    return `${title}\n  the pipeline's transform filters it out: no destination gets it`;
  const isSplit = outputs.length > 1 || outputs[0]?.event.messageId !== eventId;
  return [
    title,
    ...outputs.flatMap(({ event, decisions }) => [
      ...(isSplit ? [`  the transform makes of it ${line(event.messageId, MAX_ID)}`] : []),
      ...(transformed && !isSplit ? ['  after the transform'] : []),
      ...decisionLines(decisions, colors),
    ]),
  ].join('\n');
};

const decisionLines = (decisions: readonly Decision[], colors: Colors): string[] => {
  if (decisions.length === 0) return ['    no destination is configured'];
  const width = Math.max(...decisions.map(({ destination }) => destination.length));
  return decisions.map(({ destination, gets, reason = '', detail = '' }) => {
    const verdict = gets ? colors.green('gets it') : colors.yellow('does not get it');
    const why = gets ? '' : ` (${reason}: ${line(detail, WIDTH)})`;
    return `    ${destination.padEnd(width)}  ${verdict}${why}`;
  });
};
