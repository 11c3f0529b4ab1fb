/** Warnings of a pipeline that nobody would get, where something is deleted after them. */
import type { Exposure } from './exposures.ts';
import type { ResolvedConfig } from './schema.ts';

export const unheardOf = ({ records, alerts }: ResolvedConfig): readonly Exposure[] => {
  const { pagerDuty, victorOps, emails, urls } = alerts;
  const isHeard = pagerDuty !== undefined || victorOps !== undefined || emails.length > 0 || urls.length > 0;
  if (records.retention === undefined || isHeard) return [];
  const key = 'records.retention';
  const warning =
    `${key}: deletes records after a warning that nobody gets, because alerts has no receiver; name one, such as alerts.emails, ` +
    'or subscribe to the notice topic yourself';
  return [{ key, warning }];
};
