/** `sluice explain`. Pure. */
import type { Decision, Explanation } from '../check/explain.ts';
import { line } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';
import type { PlanOutcome } from '../check/plan.ts';
import { kindText } from './crash.ts';

type Colors = View['colors'];

const MAX_ID = 200;
const MAX_ERROR = 1_000;

export const explainText = (explanations: readonly Explanation[], { colors }: Pick<View, 'colors'>): string =>
  explanations.map((one) => eventText(one, colors)).join('\n\n');

const eventText = (explanation: Explanation, colors: Colors): string => {
  const { eventId, source, transformed, plan, crash, outputs } = explanation;
  const title = [
    `${colors.bold(line(eventId, MAX_ID))} from the source ${source}`,
    ...(plan === undefined ? [] : planLines(plan, colors)),
  ].join('\n');
  if (plan?.outcome === 'reject') return `${title}\n  no transform or destination gets it`;
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

const OUTCOMES: Readonly<Record<PlanOutcome['outcome'], string>> = {
  mark: 'it is marked (onViolation: mark)',
  only: 'it is marked, and goes to some destinations alone (onViolation: only)',
  reject: 'it is rejected (onViolation: reject)',
};

const planLines = (
  { outcome, id, version, reason, violations }: PlanOutcome,
  colors: Colors,
): readonly string[] => {
  const names = [
    ...(id === undefined ? [] : [line(id, MAX_ID)]),
    ...(version === undefined ? [] : [`version ${line(String(version), MAX_ID)}`]),
  ];
  const plan = ['the tracking plan', names.join(', ')].filter((text) => text !== '').join(' ');
  const title = `  ${colors.yellow(`violates ${plan}: ${OUTCOMES[outcome]}`)}`;
  // It has the first, and how many there are.
  if (violations.length === 0) return [title, `    ${line(reason, MAX_ERROR)}`];
  const width = Math.max(...violations.map(({ type }) => type.length));
  return [
    title,
    ...violations.map(({ type, message, meta }) => {
      const { instancePath: place } = meta;
      const where = typeof place === 'string' && place !== '' ? `${place} ` : '';
      return `    ${type.padEnd(width)}  ${line(`${where}${message}`, WIDTH)}`;
    }),
  ];
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
