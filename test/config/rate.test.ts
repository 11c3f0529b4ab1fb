/** `rate` of a destination: what may be written, what becomes of it, and what is refused or warned of. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { slowPacesOf } from '../../config/pace.ts';
import { minimal, mistakes } from './mistakes.ts';

const withRate = (rate: unknown, more: object = {}, rest: object = {}) => ({
  ...minimal,
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://example.com/hook', rate, ...more }],
  ...rest,
});
const rateOf = (rate: unknown): unknown => validateConfig(withRate(rate)).destinations[0]?.rate;
const mistakesOf = (...given: Parameters<typeof withRate>): readonly string[] =>
  mistakes(withRate(...given)).map((line) => line.replace('sluice.config.ts: ', ''));
const warningsOf = (...given: Parameters<typeof withRate>): readonly string[] =>
  slowPacesOf(validateConfig(withRate(...given))).map(({ warning }) => warning);

it.each([
  ['50/s', 50],
  ['50 / second', 50],
  ['1.5/s', 1.5],
  ['3000/min', 50],
  ['600/m', 10],
  ['100/10s', 10],
  ['36000/hour', 10],
])('%s is %d requests a second', (written, rate) => {
  expect(rateOf(written)).toBe(rate);
});

it('is none unless it is written, and every kind has it', () => {
  expect(validateConfig(minimal).destinations[0]).not.toHaveProperty('rate');
  const sqs = { ...minimal, destinations: [{ id: 'q', type: 'sqs', queue: 'orders.fifo', rate: '10/s' }] };
  expect(validateConfig(sqs).destinations[0]).toMatchObject({ rate: 10 });
});

describe('is refused', () => {
  it.each([50, '50', '50/', '/s', 'fast', '0/s', '-1/s', '5/parsec', '5/0s', '1e3/s'])('%p', (rate) => {
    const found = mistakesOf(rate);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^destinations\[0\]\.rate: .*use a number of requests and a time, such as "50\/s"/,
    );
  });

  it('as too high', () => {
    expect(mistakesOf('100001/s')).toEqual([
      'destinations[0].rate: "100001/s" is out of range; use at most 100000/s',
    ]);
  });

  it('as so low that a function would be taken for one that gets nothing through', () => {
    // 10 functions of the queue and 3 that drain.
    expect(mistakesOf('1/min')).toEqual([
      'destinations[0].rate: is one request every 780 seconds for each of its 13 functions, and a stage is degraded when nothing ' +
        'gets through for 600 seconds (degradedMode.stallAfter); lower destinations[0].maxConcurrency, or raise the rate to ' +
        '2.6/min',
    ]);
    expect(mistakesOf('1/h', { maxConcurrency: 2 })).toHaveLength(1);
    expect(validateConfig(withRate('1/min', { maxConcurrency: 2 })).destinations).toHaveLength(1);
  });
});

describe('is warned of', () => {
  it('where a function cannot send one request in the time that it has', () => {
    expect(warningsOf('10/min')).toEqual([
      'destinations[0].rate: is one request every 78 seconds for each of its 13 functions, which run for 60 seconds ' +
        '(timing.deliverTimeout): they mostly wait; lower destinations[0].maxConcurrency',
    ]);
  });

  it('not where it makes sense', () => {
    expect(warningsOf('1/s')).toEqual([]);
    expect(warningsOf('10/min', { maxConcurrency: 2 })).toEqual([]);
    expect(warningsOf(undefined)).toEqual([]);
  });

  it('by the functions that drain, as they are configured', () => {
    expect(warningsOf('10/min', {}, { degradedMode: { drainConcurrency: 30 } })[0]).toContain(
      'every 240 seconds for each of its 40 functions',
    );
  });
});
