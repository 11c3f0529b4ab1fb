/**
 * Values that belong to a list of ids, where the two travel apart: the ids in a function's bundle, the values in its
 * environment. CloudFormation updates code and environment one after the other, so for a moment a function can have one
 * of before and the other of after; by position alone, one destination's events would then go to another's queue.
 */
import { createHash } from 'node:crypto';

const digest = (ids: readonly string[]): string =>
  createHash('sha256').update(ids.join(',')).digest('base64url').slice(0, 8);

/** @param values without commas or colons in front; one for each id */
export const alignedList = (ids: readonly string[], values: readonly string[]): string =>
  `${digest(ids)}:${values.join(',')}`;

/** @returns the values by their ids; undefined when they belong to another list */
export const readAlignedList = (
  ids: readonly string[],
  text: string,
): ReadonlyMap<string, string> | undefined => {
  const [, written, list = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (written !== digest(ids)) return undefined;
  const values = list === '' ? [] : list.split(',');
  if (values.length !== ids.length) return undefined;
  return new Map(ids.map((id, i) => [id, values[i] ?? '']));
};
