/** The person whose stored events are to be erased, as one source names them. Pure. */
import { parse, stringify } from '../base/exact-json.ts';
import { isJsonObject, type JsonObject } from './event.ts';
import { idText } from './id-text.ts';
import { orderKey } from './order-key.ts';
import type { Rejection } from './ports.ts';
import { kept } from './rejection.ts';

/** One of the two ids at least. */
export interface Subject {
  readonly sourceId: string;
  readonly userId?: string | undefined;
  readonly anonymousId?: string | undefined;
}

/** By the ids of the event itself: traits and properties are not searched. */
export const isOf = (event: JsonObject, { userId, anonymousId }: Subject): boolean => {
  const is = (field: string, id: string | undefined): boolean =>
    id !== undefined && idText(event[field]) === idText(id);
  return is('userId', userId) || is('previousId', userId) || is('anonymousId', anonymousId);
};

/** The order keys that the ids alone make, whichever of them orders the source's events. */
export const keysOf = ({ sourceId, userId = '', anonymousId = '' }: Subject): readonly string[] =>
  [userId, anonymousId]
    .filter((id) => idText(id) !== '')
    .map((id) => orderKey(sourceId, { userId: idText(id), anonymousId: '' }, 'userId'));

/** What is left of a record: all of it, less of it, or nothing. */
export type Left =
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly rejection: Rejection; readonly erased: number }
  | { readonly kind: 'nothing'; readonly erased: number };

const eventsOf = (body: string): readonly JsonObject[] | undefined => {
  try {
    const value = parse(body);
    const events = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    return events.every(isJsonObject) ? events : undefined;
  } catch {
    return undefined;
  }
};

/** Text that is no JSON, or the beginning of one: the id as JSON has it, anywhere. Too much is erased rather than too little. */
const mentions = (body: string, { userId, anonymousId }: Subject): boolean =>
  [userId, anonymousId].some((id) => id !== undefined && body.includes(JSON.stringify(id)));

/** A destination's answer may quote the events, so it does not outlive one of them. */
export const withoutSubject = (rejection: Rejection, subject: Subject): Left => {
  const { body, count = 1, answer, ...rest } = rejection;
  if (rejection.sourceId !== subject.sourceId) return { kind: 'all' };
  // Its ids may have been hashed or dropped before it was sent.
  if (rest.masked === true && rest.key !== undefined && keysOf(subject).includes(rest.key))
    return { kind: 'nothing', erased: count };
  const events = eventsOf(body);
  if (events === undefined)
    return mentions(body, subject) ? { kind: 'nothing', erased: count } : { kind: 'all' };
  const others = events.filter((event) => !isOf(event, subject));
  const erased = events.length - others.length;
  if (erased === 0) return { kind: 'all' };
  if (others.length === 0) return { kind: 'nothing', erased: count };
  return {
    kind: 'some',
    erased,
    rejection: {
      ...rest,
      ...kept(stringify(others.length === 1 ? others[0] : others), Infinity),
      ...(others.length === 1 ? {} : { count: others.length }),
      ...(answer === undefined ? {} : { answer: { ...answer, body: '' } }),
    },
  };
};
