import { expect, test } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withBacklog = (spillBacklog: unknown): unknown => ({ ...minimal, degradedMode: { spillBacklog } });

test('spillBacklog is half of the messages that SQS looks at, unless it is set', () => {
  expect(validateConfig(minimal).degradedMode.spillBacklog).toBe(60_000);
  expect(validateConfig(withBacklog(1_000)).degradedMode.spillBacklog).toBe(1_000);
});

test.each([
  [999, 'is too small'],
  [120_000, 'is too large'],
  [1_000.5, 'is not a whole number'],
])('spillBacklog: %s %s', (spillBacklog, problem) => {
  expect(mistakes(withBacklog(spillBacklog))).toEqual([
    `sluice.config.ts: degradedMode.spillBacklog: ${spillBacklog} ${problem}; use 1000 to 110000`,
  ]);
});
