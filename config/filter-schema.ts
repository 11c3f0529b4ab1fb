/** `filter` of a destination: a part of MongoDB's query language, with a line for each mistake that names the operator or the path. */
import * as v from 'valibot';
import type { Filter } from '../contract/settings.ts';

/** An event that anybody may send must not cost the router much: these bound the work of a filter. */
const MAX_CONDITIONS = 50;
const MAX_VALUES = 1_000;
const MAX_DEPTH = 10;

const GROUPS = ['$and', '$or', '$nor'];
const LISTS = ['$in', '$nin'];
const ORDERS = ['$gt', '$gte', '$lt', '$lte'];
const OPERATORS = ['$eq', '$ne', ...LISTS, ...ORDERS, '$exists', '$not'];

type Path = readonly (string | number)[];
interface Mistake {
  readonly path: Path;
  readonly message: string;
}
/** What has been counted so far. */
interface Size {
  conditions: number;
  values: number;
}

/** Whether JSON keeps it as it is: a date, a regular expression or a map would become something else in the function's bundle. */
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

const isValue = (value: unknown): boolean =>
  value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);

const NO_VALUE = 'expected a string, a number, true, false or null';
const mistake = (path: Path, message: string): Mistake[] => [{ path, message }];
const entriesOf = (value: object, path: Path): readonly (readonly [string, unknown, Path])[] =>
  Object.entries(value).map(([key, inner]: [string, unknown]) => [key, inner, [...path, key]]);

const inGroup = (list: unknown, path: Path, depth: number, size: Size): Mistake[] => {
  if (!Array.isArray(list) || list.length === 0)
    return mistake(path, 'expected a list of filters, with at least one');
  return list.flatMap((one: unknown, i) => inFilter(one, [...path, i], depth, size));
};

const inFilter = (filter: unknown, path: Path, depth: number, size: Size): Mistake[] => {
  if (!isPlain(filter))
    return mistake(path, "expected an object, such as { type: 'track', 'properties.total': { $gte: 100 } }");
  if (depth > MAX_DEPTH) return mistake(path, `is more than ${MAX_DEPTH} levels deep; simplify the filter`);
  const entries = entriesOf(filter, path);
  if (entries.length === 0) return mistake(path, 'is empty; leave it out to take every event');
  return entries.flatMap(([key, inner, at]) => {
    if (GROUPS.includes(key)) return inGroup(inner, at, depth + 1, size);
    if (key.startsWith('$'))
      return mistake(
        at,
        `is not an operator here; use ${GROUPS.join(', ')}, or a path such as properties.total`,
      );
    // The parser would take it for an operator.
    if (key in Object.prototype)
      return mistake(
        at,
        'is a name that every object has, which a filter cannot look at; rename it in a transform',
      );
    if (key.split('.').includes(''))
      return mistake(at, 'is not a path; write names with dots between them, such as properties.total');
    return inConditions(inner, at, depth + 1, size);
  });
};

const inConditions = (conditions: unknown, path: Path, depth: number, size: Size): Mistake[] => {
  if (!isPlain(conditions)) {
    size.conditions += 1;
    if (Array.isArray(conditions))
      return mistake(path, 'is a list; write { $in: [...] } for one of several values');
    if (isValue(conditions)) return [];
    return mistake(path, `${NO_VALUE}, or an object of operators such as { $gte: 100 }`);
  }
  if (depth > MAX_DEPTH) return mistake(path, `is more than ${MAX_DEPTH} levels deep; simplify the filter`);
  const entries = entriesOf(conditions, path);
  if (entries.length === 0)
    return mistake(path, 'is empty; write { $exists: true } for a value that is there');
  return entries.flatMap(([operator, operand, at]) => {
    if (operator === '$not')
      return isPlain(operand)
        ? inConditions(operand, at, depth + 1, size)
        : mistake(at, 'expected an object of operators, such as { $in: [...] }');
    size.conditions += 1;
    return inOperand(operator, operand, at, size);
  });
};

const inOperand = (operator: string, operand: unknown, path: Path, size: Size): Mistake[] => {
  if (LISTS.includes(operator)) {
    if (!Array.isArray(operand) || operand.length === 0)
      return mistake(path, 'expected a list of values, with at least one');
    size.values += operand.length;
    return operand.flatMap((value: unknown, i) => (isValue(value) ? [] : mistake([...path, i], NO_VALUE)));
  }
  if (ORDERS.includes(operator))
    return typeof operand === 'string' || Number.isFinite(operand)
      ? []
      : mistake(path, 'expected a number or a string');
  if (operator === '$exists')
    return typeof operand === 'boolean' ? [] : mistake(path, 'expected true or false');
  if (OPERATORS.includes(operator)) return isValue(operand) ? [] : mistake(path, NO_VALUE);
  if (!operator.startsWith('$'))
    return mistake(
      path,
      `is not an operator; to look deeper, write the path in one key: "${path.slice(-2).join('.')}"`,
    );
  return mistake(
    path,
    `is not an operator of a filter; use ${OPERATORS.join(', ')}. What needs more, such as a regular expression, belongs in a transform`,
  );
};

const mistakesOf = (filter: unknown): readonly Mistake[] => {
  const size: Size = { conditions: 0, values: 0 };
  const found = inFilter(filter, [], 1, size);
  const limit = (what: keyof Size, max: number): Mistake[] =>
    size[what] > max ? mistake([], `has ${size[what]} ${what}; use at most ${max}`) : [];
  return [...found, ...limit('conditions', MAX_CONDITIONS), ...limit('values', MAX_VALUES)];
};

export const filter = v.pipe(
  // The check below names the mistakes; this is for the type alone.
  v.custom<Filter>(() => true),
  v.rawCheck(({ dataset, addIssue }) => {
    for (const { path, message } of mistakesOf(dataset.value)) {
      const [first, ...rest] = path.map((key) => ({
        type: 'unknown' as const,
        origin: 'value' as const,
        input: dataset.value,
        key,
        value: undefined,
      }));
      addIssue(first === undefined ? { message } : { message, path: [first, ...rest] });
    }
  }),
);
