/** What a filter means, and that no event makes it throw or takes its time. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Filter } from '../../../contract/settings.ts';
import { parse } from '../../../lambdas/core/base/exact-json.ts';
import type { Json, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { compileFilter } from '../../../lambdas/core/event/filter.ts';
import { FILTERS, ORDER } from '../../support/filters.ts';

/** As the router gets it, through the JSON of its bundle. `test/config/routing.test.ts` checks that these are valid. */
const matcher = (filter: Filter) => compileFilter(JSON.parse(JSON.stringify(filter)) as Filter);
const event = (more: Readonly<Record<string, Json>>): SluiceEvent => ({ messageId: '1', ...more });

it.each(FILTERS)('%j: %s', (filter, expected) => {
  expect(matcher(filter)(ORDER)).toBe(expected);
});

it('looks into lists of at most 100 elements', () => {
  const list = (n: number): Json => Array.from({ length: n }, (_, i) => ({ sku: i }));
  expect(matcher({ 'products.sku': 0 })(event({ products: list(100) }))).toBe(true);
  expect(matcher({ 'products.sku': 0 })(event({ products: list(101) }))).toBe(false);
  expect(matcher({ products: { $exists: true } })(event({ products: list(101) }))).toBe(true);
});

describe('whatever the event', () => {
  const name = fc.constantFrom('a', 'b', '0', 'length', 'constructor', '__proto__', 'toString');
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<Json>(null, true, 0, -1, 1e300, '', 'x', 'é'),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((entries) => {
        const object: Record<string, Json> = {};
        // As JSON.parse does: `__proto__` is a name like any other.
        for (const [key, value] of entries)
          Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
        return object;
      }),
    ),
  }));
  const path = fc
    .array(name, { minLength: 1, maxLength: 4 })
    .map((names) => names.join('.'))
    .filter((one) => !(one in Object.prototype));
  const value = fc.constantFrom(null, true, 0, -1, 1e300, '', 'x', 'é');
  const ordered = fc.constantFrom<string | number>(0, 1e300, '', 'x');
  const list = fc.array(value, { minLength: 1, maxLength: 3 });
  const conditions = fc.oneof(
    value,
    fc.record({ $eq: value }),
    fc.record({ $ne: value, $in: list }),
    fc.record({ $nin: list, $exists: fc.boolean() }),
    fc.record({ $gt: ordered, $lte: ordered }),
    fc.record({ $not: fc.record({ $gte: ordered, $lt: ordered }) }),
  );
  const simple = fc.dictionary(path, conditions, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const groups = fc.array(simple, { minLength: 1, maxLength: 3 });
  const filters = fc.oneof(
    simple,
    fc.record({ $or: groups }),
    fc.record({ $and: groups, $nor: groups }),
  ) as fc.Arbitrary<Filter>;

  it('a filter answers yes or no, and the same the second time', () => {
    fc.assert(
      fc.property(filters, json, (filter, properties) => {
        const matches = matcher(filter);
        for (const one of [event({ a: properties }), { ...event({}), ...(properties as object) }]) {
          const answer = matches(one);
          expect(typeof answer).toBe('boolean');
          expect(matches(one)).toBe(answer);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('and its opposite answers the opposite', () => {
    fc.assert(
      fc.property(filters, json, (filter, properties) => {
        const one = event({ a: properties, b: properties });
        expect(matcher({ $nor: [filter] })(one)).toBe(!matcher(filter)(one));
      }),
    );
  });

  it('levels and lengths that would overflow a stack or take quadratic time are not walked', () => {
    let deep: Json = 'x';
    for (let i = 0; i < 100_000; i += 1) deep = i % 2 === 0 ? [deep] : { a: deep };
    const long = Array.from({ length: 100_000 }, () => ({ a: 'x' }));
    for (const filter of [
      { a: 'x' },
      { 'a.a.a.a': { $in: ['x'] } },
      { a: { $gt: 'w' } },
      { 'a.a': { $ne: 'x' } },
    ])
      for (const one of [event({ a: deep }), event({ a: long })])
        expect(typeof matcher(filter)(one)).toBe('boolean');
  });
});

it('a number that keeps its digits is compared as a number', () => {
  const exact = parse('{"messageId":"1","properties":{"total":100.0,"list":[1.0,2]}}') as SluiceEvent;
  expect(matcher({ 'properties.total': { $gte: 100, $lt: 101 } })(exact)).toBe(true);
  expect(matcher({ 'properties.total': 100 })(exact)).toBe(true);
  expect(matcher({ 'properties.list': 1 })(exact)).toBe(true);
});
