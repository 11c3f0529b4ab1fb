import { describe, expect, it } from '@jest/globals';
import { parseExpression } from '../../../local/cloudwatch/expression.ts';

const none = undefined;
const series = new Map([
  ['m1', [1, 2, none]],
  ['m2', [10, none, none]],
  ['m3', [0, 5, 6]],
]);
const calculate = (text: string) => parseExpression(text).evaluate(series, [...series.values()]);

describe('metric math', () => {
  it.each([
    ['m1', [1, 2, none]],
    ['m1 + m3', [1, 7, none]],
    ['m1+m2+m3', [11, none, none]],
    ['2 * m3 - 1', [-1, 9, 11]],
    ['2 * (m3 - 1)', [-2, 8, 10]],
    ['-m1', [-1, -2, none]],
    ['10 - 2 - 3', [5, 5, 5]],
    ['m1 / m3', [none, 0.4, none]],
    ['100 * m1 / 4', [25, 50, none]],
    ['m3 >= 5', [0, 1, 1]],
    ['m3 == 5', [0, 1, 0]],
    // Over a list, what is missing is left out.
    ['SUM([m1,m2,m3])', [11, 7, 6]],
    ['MAX([m1,m2])', [10, 2, none]],
    ['MIN([m1,m2])', [1, 2, none]],
    ['AVG([m1,m3])', [0.5, 3.5, 6]],
    ['SUM(METRICS())', [11, 7, 6]],
    // Over one metric, its own values.
    ['MAX(m3)', [6, 6, 6]],
    ['FILL(m1, 0)', [1, 2, 0]],
    ['SUM(FILL(METRICS(), 0))', [11, 7, 6]],
    ['FILL(m1, 0) + FILL(m2, 0)', [11, 2, 0]],
    ['IF(m3 > 0, m3, 1)', [1, 5, 6]],
  ])('%s', (text, expected) => {
    expect(calculate(text)).toEqual(expected);
  });

  it('lists the metrics that it names', () => {
    expect(parseExpression('MAX([m1,m2]) + 0.5').names).toEqual(['m1', 'm2']);
  });

  it.each([
    [
      'PERCENTILE(m1)',
      'the metric math "PERCENTILE(m1)": the local run does not know its function PERCENTILE',
    ],
    ['m1 +', 'the metric math "m1 +": a value is expected before the end'],
    ['(m1', 'the metric math "(m1": ) is expected before the end'],
    ['m1 m2', 'the metric math "m1 m2": nothing is expected before m2'],
    ['m1 # m2', 'the metric math "m1 # m2": # m2 cannot be read'],
    ['m9', 'the metric math "m9": it names m9, which there is not'],
    ['[m1,m2] + 1', 'the metric math "[m1,m2] + 1": it has a list of metrics where one is needed'],
  ])('%s is refused', (text, message) => {
    expect(() => calculate(text)).toThrow(message);
  });
});
