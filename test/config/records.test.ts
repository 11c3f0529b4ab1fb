import { expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { unheardOf } from '../../config/unheard.ts';
import { minimal, mistakes } from './mistakes.ts';

const DAY = 24 * 3_600_000;

it('records are kept, unless they have a retention', () => {
  expect(validateConfig(minimal).records).toEqual({});
  expect(validateConfig({ ...minimal, records: {} }).records).toEqual({});
  const retention = (text: string) => validateConfig({ ...minimal, records: { retention: text } }).records;
  expect(retention('90 days')).toEqual({ retention: 90 * DAY });
  expect(retention('7d')).toEqual({ retention: 7 * DAY });
});

it.each<[unknown, string]>([
  [{ retention: '6 days' }, 'records.retention: "6 days" is out of range; use 7d to 10y'],
  [{ retention: '11 years' }, 'records.retention: "11 years" is out of range; use 7d to 10y'],
  [{ retention: 90 }, 'records.retention: expected a length of time such as "5 minutes"'],
  [
    { retention: 'ninety' },
    'records.retention: "ninety" is not a length of time; use for example "5 minutes"',
  ],
  [{ keep: '90 days' }, 'records.keep: unknown key; check its spelling, or remove it'],
])('%j names the key and the fix', (records, message) => {
  expect(mistakes({ ...minimal, records })).toEqual([`sluice.config.ts: ${message}`]);
});

it('warns of a retention whose warnings nobody would hear', () => {
  const warnings = (more: object) =>
    unheardOf(validateConfig({ ...minimal, ...more })).map(({ warning }) => warning);
  const records = { retention: '90 days' };
  expect(warnings({ records })).toEqual([
    'records.retention: deletes records after a warning that nobody gets, because alerts has no receiver; name one, such as ' +
      'alerts.emails, or subscribe to the notice topic yourself',
  ]);
  expect(warnings({})).toEqual([]);
  for (const alerts of [
    { emails: ['ops@example.com'] },
    { urls: ['https://example.com/alerts'] },
    { pagerDuty: { secretName: 'p' } },
    { victorOps: { secretName: 'v' } },
  ])
    expect(warnings({ records, alerts })).toEqual([]);
});
