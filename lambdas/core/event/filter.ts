/**
 * A destination's `filter`: MongoDB's query language, read by `@ucast/mongo` and evaluated by `@ucast/js`, without the operators that run
 * code (`$where`), may take exponential time (`$regex`) or can throw (`$elemMatch`).
 *
 * It is total. Whatever the event: it ends, it does not throw, and it does not recurse into the event. Its time is bounded by the size of
 * the filter, whose limits `config/filter-schema.ts` has, and not by that of the event.
 */
import {
  and,
  createJsInterpreter,
  eq,
  exists,
  gt,
  gte,
  lt,
  lte,
  ne,
  nin,
  nor,
  not,
  or,
  within,
  type JsInterpretationOptions,
} from '@ucast/js';
import {
  $and,
  $eq,
  $exists,
  $gt,
  $gte,
  $in,
  $lt,
  $lte,
  $ne,
  $nin,
  $nor,
  $not,
  $or,
  MongoQueryParser,
} from '@ucast/mongo';
import type { Filter } from '../../../contract/settings.ts';
import { ExactNumber } from '../base/exact-json.ts';
import type { SluiceEvent } from './event.ts';

/** Elements. A longer list is not looked into: an event that anybody may send must not cost the router more than this. */
const MAX_LIST = 100;

/** The library compares with `===` what this returns. Values of two types are neither equal nor in an order: NaN. */
const compare = ((a: unknown, b: unknown): number => {
  if (a === b) return 0;
  const isOrdered = typeof a === typeof b && (typeof a === 'number' || typeof a === 'string');
  if (!isOrdered) return NaN;
  return (a as number) > (b as number) ? 1 : -1;
}) as JsInterpretationOptions['compare'];

const isShortList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length <= MAX_LIST;

/** A filter has numbers as JavaScript does. */
const asDouble = (value: unknown): unknown => (value instanceof ExactNumber ? Number(value.text) : value);

/** Only what the event itself has, and nothing that every object inherits. */
const get = (object: unknown, key: string | number): unknown => {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined;
  const value: unknown = Reflect.get(object, key);
  if (!Array.isArray(value)) return asDouble(value);
  return isShortList(value) ? value.map(asDouble) : undefined;
};

const parser = new MongoQueryParser({
  $and,
  $or,
  $nor,
  $not,
  $eq,
  $ne,
  $in,
  $nin,
  $gt,
  $gte,
  $lt,
  $lte,
  $exists,
});

const interpret = createJsInterpreter(
  { and, or, nor, not, eq, ne, in: within, nin, gt, gte, lt, lte, exists },
  { get, compare, isArray: isShortList },
);

/**
 * @param filter that `config/filter-schema.ts` found valid
 * @throws Error when it is not
 */
export const compileFilter = (filter: Filter): ((event: SluiceEvent) => boolean) => {
  const condition = parser.parse(filter);
  return (event) => interpret(condition, event);
};
