import type * as v from 'valibot';

/** `destinations[0].url`, from valibot's path of an issue. */
const pathOf = (issue: v.BaseIssue<unknown>): string =>
  (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

/** One line that names the key. @param whole what has no path */
export const describeIssue = (issue: v.BaseIssue<unknown>, whole: string): string => {
  const path = pathOf(issue);
  if (issue.type !== 'strict_object') return path === '' ? issue.message : `${path}: ${issue.message}`;
  if (issue.expected === 'never') return `${path}: unknown key; check its spelling, or remove it`;
  if (issue.received === 'undefined') return `${path}: is missing`;
  return `${path === '' ? whole : path}: expected an object`;
};
