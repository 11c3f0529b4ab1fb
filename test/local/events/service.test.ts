import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { rateToMilliseconds, startSchedule } from '../../../local/events/service.ts';
import { until } from '../../../tools/driver/until.ts';

describe('rateToMilliseconds', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(30 seconds)', 30_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(1 day)', 86_400_000],
  ])('%s', (expression, milliseconds) => {
    expect(rateToMilliseconds(expression)).toBe(milliseconds);
  });

  it.each(['cron(0 12 * * ? *)', 'rate(1 fortnight)', 'rate(minute)', ''])('refuses "%s"', (expression) => {
    expect(() => rateToMilliseconds(expression)).toThrow(
      `the local run does not know the schedule ${expression}`,
    );
  });
});

it('calls immediately, and then repeatedly until it is stopped', async () => {
  let calls = 0;
  const schedule = startSchedule(5, () => (calls += 1));
  expect(calls).toBe(1);
  await until('three calls', () => calls >= 3);
  schedule.stop();
  const after = calls;
  await sleep(50);
  expect(calls).toBe(after);
});
