/** What the adapters over DynamoDB share. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { FORMAT } from '../../contract/formats.ts';
import { marshall } from '@aws-sdk/util-dynamodb';
import { BadCursor } from '../core/base/faults.ts';
import { orFault } from './errors.ts';

export type RawItem = Record<string, AttributeValue>;

/** An item's primary key. */
export type Key = Record<'pk' | 'sk', string>;

export const toItem = (value: object): RawItem => marshall(value, { removeUndefinedValues: true });

/** The attributes that are not among `names`: what an adapter added to what it was given to keep. */
export const without = (item: Readonly<Record<string, unknown>>, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));

/** The condition that no later version of Sluice has written the item; `:format` is what this one writes. */
export const NOT_LATER = '(attribute_not_exists(#v) OR #v <= :format)';
export const FORMAT_NAME = { '#v': FORMAT };

/**
 * Of a write that has a condition: whether the condition held.
 * @param orThrow what any other failure becomes
 * @throws InfraFault; the write may have taken effect anyway
 */
export const conditionHeld = async (
  what: string,
  write: Promise<unknown>,
  orThrow: typeof orFault = orFault,
): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    return orThrow(what, Promise.reject(error as Error));
  }
};

/** Where a page ended, as text for the one who asks for the next. */
export const toCursor = (lastKey: RawItem): string =>
  Buffer.from(JSON.stringify(lastKey)).toString('base64url');

const isAttribute = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((text) => typeof text === 'string');

/** @throws BadCursor */
export const fromCursor = (cursor: string): RawItem => {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (error) {
    throw new BadCursor({ cause: error });
  }
  if (typeof key !== 'object' || key === null || !Object.values(key).every(isAttribute))
    throw new BadCursor();
  return key as RawItem;
};
