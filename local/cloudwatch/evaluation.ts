/**
 * How CloudWatch decides an alarm's state. Source: CloudWatch, "Configuring how CloudWatch alarms treat missing data", whose
 * tables are this module's tests.
 */
import type { Series } from './expression.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type TreatMissing = 'missing' | 'ignore' | 'breaching' | 'notBreaching';
export const COMPARISONS = {
  GreaterThanThreshold: {
    holds: (value: number, threshold: number) => value > threshold,
    words: 'greater than',
  },
  GreaterThanOrEqualToThreshold: {
    holds: (value: number, threshold: number) => value >= threshold,
    words: 'greater than or equal to',
  },
  LessThanThreshold: { holds: (value: number, threshold: number) => value < threshold, words: 'less than' },
  LessThanOrEqualToThreshold: {
    holds: (value: number, threshold: number) => value <= threshold,
    words: 'less than or equal to',
  },
} as const;
export type Comparison = keyof typeof COMPARISONS;

export interface AlarmRule {
  readonly comparison: Comparison;
  readonly threshold: number;
  readonly evaluationPeriods: number;
  /** At most `evaluationPeriods`. */
  readonly datapointsToAlarm: number;
  readonly treatMissing: TreatMissing;
}

export interface Verdict {
  readonly state: AlarmState;
  /** In CloudWatch's words, nearly. */
  readonly reason: string;
}

/** Periods that are looked at beyond those evaluated, for when some of those have no data. AWS does not document its number. */
const EXTRA_PERIODS = 2;

/** How many periods the alarm looks at. */
export const evaluationRange = ({ evaluationPeriods }: Pick<AlarmRule, 'evaluationPeriods'>): number =>
  evaluationPeriods + EXTRA_PERIODS;

/**
 * @param range the values of the evaluation range, the latest last
 * @returns undefined when the alarm keeps the state it has
 */
export const evaluate = (rule: AlarmRule, range: Series): Verdict | undefined => {
  const { comparison, threshold, evaluationPeriods, datapointsToAlarm, treatMissing } = rule;
  const breaches = (value: number): boolean => COMPARISONS[comparison].holds(value, threshold);
  const real = range.filter((value) => value !== undefined);
  const evaluated = real.slice(-evaluationPeriods);
  const bad = evaluated.filter(breaches);
  const filled = evaluationPeriods - evaluated.length;
  const crossed = (state: 'OK' | 'ALARM'): Verdict => ({
    state,
    reason: crossing(rule, state, evaluated, filled),
  });

  if (bad.length >= datapointsToAlarm) return crossed('ALARM');
  if (filled === 0) return crossed('OK');
  if (treatMissing === 'breaching') return crossed(bad.length + filled >= datapointsToAlarm ? 'ALARM' : 'OK');
  if (treatMissing === 'notBreaching' || bad.length < evaluated.length) return crossed('OK');
  // From here on there is no value within the threshold.
  if (treatMissing === 'ignore') return undefined;
  if (evaluated.length === 0) {
    return {
      state: 'INSUFFICIENT_DATA',
      reason: `Insufficient Data: ${evaluationPeriods} datapoints were unknown.`,
    };
  }
  // A breach that old, with nothing since that would speak against it, is an alarm; a younger one may be an outlier.
  const age = range.length - range.findIndex((value) => value !== undefined);
  return age >= datapointsToAlarm ? crossed('ALARM') : undefined;
};

const crossing = (
  rule: AlarmRule,
  state: 'OK' | 'ALARM',
  evaluated: readonly number[],
  filled: number,
): string => {
  const { comparison, threshold, evaluationPeriods, datapointsToAlarm, treatMissing } = rule;
  const { words } = COMPARISONS[comparison];
  const transition = state === 'ALARM' ? 'OK -> ALARM' : 'ALARM -> OK';
  const needed = state === 'ALARM' ? datapointsToAlarm : evaluationPeriods - datapointsToAlarm + 1;
  const minimum = `(minimum ${needed} datapoint${needed === 1 ? '' : 's'} for ${transition} transition)`;
  if (evaluated.length === 0) {
    const as = treatMissing === 'breaching' ? 'Breaching' : 'NonBreaching';
    return `Threshold Crossed: no datapoints were received for ${filled} periods and ${filled} missing datapoints were treated as [${as}].`;
  }
  const isBad = (value: number): boolean => COMPARISONS[comparison].holds(value, threshold);
  const shown = evaluated.filter((value) => isBad(value) === (state === 'ALARM'));
  const listed = (shown.length === 0 ? evaluated : shown).map(decimal).join(', ');
  const not = state === 'ALARM' ? 'was' : 'was not';
  return (
    `Threshold Crossed: ${shown.length} out of the last ${evaluationPeriods} datapoints [${listed}] ` +
    `${not} ${words} the threshold (${decimal(threshold)}) ${minimum}.`
  );
};

const decimal = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
