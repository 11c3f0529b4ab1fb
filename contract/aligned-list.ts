/**
 * Values that belong to a list of ids, where the two travel apart: the ids in a function's bundle, the values in its
 * environment. CloudFormation updates code and environment one after the other, so for a moment a function can have one
 * of before and the other of after; by position alone, one destination's events would then go to another's queue.
 */
import { createHash } from 'node:crypto';

const digest = (ids: readonly string[]): string =>
  createHash('sha256').update(ids.join(',')).digest('base64url').slice(0, 8);

/** Stands for the id in a pattern. */
const ID = '{}';

const byPattern = (pattern: string, id: string): string => pattern.replace(ID, id);

/**
 * @param values without commas, colons or bars; one for each id
 * @param pattern of most values, with `{}` for the id: those that follow it take no room, since an environment holds 4 KB
 */
export const alignedList = (ids: readonly string[], values: readonly string[], pattern?: string): string => {
  if (pattern === undefined) return `${digest(ids)}:${values.join(',')}`;
  const left = values.map((value, i) => (value === byPattern(pattern, ids[i] ?? '') ? '' : value));
  return `${digest(ids)}:${left.join(',')}|${pattern}`;
};

/** @returns the values by their ids; undefined when they belong to another list */
export const readAlignedList = (
  ids: readonly string[],
  text: string,
): ReadonlyMap<string, string> | undefined => {
  const [, written, list = '', pattern = ''] = /^([^:]*):([^|]*)(?:\|(.*))?$/s.exec(text) ?? [];
  if (written !== digest(ids)) return undefined;
  const values = ids.length === 0 && list === '' ? [] : list.split(',');
  if (values.length !== ids.length) return undefined;
  const all = ids.map((id, i): [string, string] => {
    const value = values[i] ?? '';
    return [id, value === '' ? byPattern(pattern, id) : value];
  });
  return all.some(([, value]) => value === '') ? undefined : new Map(all);
};

const SHORT_UUID = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** A UUID whose dashes were left out, so that a hundred fit an environment; what is none is returned as it is. */
export const wholeUuid = (text: string): string => text.replace(SHORT_UUID, '$1-$2-$3-$4-$5');
