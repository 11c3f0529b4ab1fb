/** CloudWatch's own tables of what becomes of an alarm when data is missing. */
import { describe, expect, it } from '@jest/globals';
import {
  evaluate,
  evaluationRange,
  type AlarmRule,
  type TreatMissing,
} from '../../../local/cloudwatch/evaluation.ts';

const TREATMENTS: readonly TreatMissing[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const rule = (changes: Partial<AlarmRule>): AlarmRule => ({
  comparison: 'GreaterThanOrEqualToThreshold',
  threshold: 1,
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  treatMissing: 'missing',
  ...changes,
});
/** `0`: within the threshold, `X`: beyond it, `-`: missing. The latest is the last. */
const read = (text: string): (number | undefined)[] =>
  text.split(' ').map((one) => (one === '-' ? undefined : one === 'X' ? 1 : 0));
const states = (datapointsToAlarm: number, text: string): readonly string[] =>
  TREATMENTS.map(
    (treatMissing) => evaluate(rule({ datapointsToAlarm, treatMissing }), read(text))?.state ?? 'keep',
  );

it('looks at two periods more than it evaluates', () => {
  expect(evaluationRange({ evaluationPeriods: 3 })).toBe(5);
});

describe('three out of three', () => {
  it.each([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', 'keep', 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', 'keep', 'ALARM', 'OK']],
    // Too young to be an alarm before its time.
    ['- - - X -', ['keep', 'keep', 'ALARM', 'OK']],
    ['- - - - X', ['keep', 'keep', 'ALARM', 'OK']],
    ['X X X X 0', ['OK', 'OK', 'OK', 'OK']],
    ['0 0 X X X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
  ])('%s', (text, expected) => {
    expect(states(3, text)).toEqual(expected);
  });
});

describe('two out of three', () => {
  it.each([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', ['ALARM', 'keep', 'ALARM', 'OK']],
    ['X X 0 0 X', ['OK', 'OK', 'OK', 'OK']],
  ])('%s', (text, expected) => {
    expect(states(2, text)).toEqual(expected);
  });
});

it.each([
  ['GreaterThanThreshold', [false, false, true]],
  ['GreaterThanOrEqualToThreshold', [false, true, true]],
  ['LessThanThreshold', [true, false, false]],
  ['LessThanOrEqualToThreshold', [true, true, false]],
] as const)('%s', (comparison, expected) => {
  const alarms = [0, 1, 2].map(
    (value) =>
      evaluate(rule({ comparison, evaluationPeriods: 1, datapointsToAlarm: 1 }), [value])?.state === 'ALARM',
  );
  expect(alarms).toEqual(expected);
});

it('says why', () => {
  const one = rule({ datapointsToAlarm: 1 });
  expect(evaluate(one, [0, 0, 0, 1, 0.5])?.reason).toBe(
    'Threshold Crossed: 1 out of the last 3 datapoints [1.0] was greater than or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).',
  );
  expect(evaluate(one, [1, 1, 0, 0, 0.5])?.reason).toBe(
    'Threshold Crossed: 3 out of the last 3 datapoints [0.0, 0.0, 0.5] was not greater than or equal to the threshold (1.0) (minimum 3 datapoints for ALARM -> OK transition).',
  );
  expect(evaluate({ ...one, treatMissing: 'breaching' }, read('- - - - -'))?.reason).toBe(
    'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].',
  );
  expect(evaluate(one, read('- - - - -'))?.reason).toBe('Insufficient Data: 3 datapoints were unknown.');
});
