/** The keys that say which events a destination gets. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { FILTERS } from '../support/filters.ts';
import { minimal, mistakes } from './mistakes.ts';

const withDestination = (change: object): unknown => ({
  ...minimal,
  destinations: [{ ...minimal.destinations[0], ...change }],
});
const linesOf = (change: object): readonly string[] =>
  mistakes(withDestination(change)).map((line) => line.replace('sluice.config.ts: destinations[0].', ''));

it('may be left out, and have no default', () => {
  const [destination] = validateConfig(minimal).destinations;
  for (const key of ['integration', 'consentManagement', 'filter'])
    expect(destination).not.toHaveProperty(key);
});

it('are kept as they are written', () => {
  const routing = {
    integration: 'Google Analytics 4 (GA4)',
    consentManagement: [
      { provider: 'oneTrust', consents: ['C0002', 'C0004'] },
      { provider: 'custom', consents: ['marketing'], resolutionStrategy: 'or' },
    ],
    filter: {
      type: { $in: ['track', 'identify'] },
      'properties.total': { $gte: 100, $not: { $gt: 1_000 } },
      $or: [{ userId: { $exists: true } }, { 'context.traits.email': { $ne: null } }],
    },
  };
  expect(validateConfig(withDestination(routing)).destinations[0]).toMatchObject(routing);
});

it.each(FILTERS)('a filter is valid: %j', (filter) => {
  expect(validateConfig(withDestination({ filter })).destinations[0]).toMatchObject({ filter });
});

describe('a mistake names the key', () => {
  it.each<readonly [object, string]>([
    [
      { integration: '' },
      'integration: is empty; expected the name that events have for it in `integrations`',
    ],
    [{ integration: 'All' }, 'integration: is the name for all destinations; use another name'],
    [
      { consentManagement: [] },
      'consentManagement: is empty; leave it out if the destination needs no consent',
    ],
    [{ consentManagement: {} }, 'consentManagement: expected a list of { provider, consents }'],
    [
      { consentManagement: [{ provider: 'oneTrust', consents: [] }] },
      'consentManagement[0].consents: is empty; name at least one consent',
    ],
    [
      { consentManagement: [{ provider: 'oneTrust', consents: [''] }] },
      'consentManagement[0].consents[0]: is empty; expected the id of a consent',
    ],
    [
      { consentManagement: [{ provider: 'custom', consents: ['a'], resolutionStrategy: 'any' }] },
      'consentManagement[0].resolutionStrategy: "any" is not a strategy; use "and" or "or"',
    ],
    [
      { consentManagement: [{ provider: 'ketch', consents: ['a'], resolutionStrategy: 'or' }] },
      'consentManagement[0].resolutionStrategy: is of the provider "custom" alone; remove it: with the others the SDK says it in each event',
    ],
    [
      { consentManagement: ['a', 'b'].map((one) => ({ provider: 'ketch', consents: [one] })) },
      'consentManagement: names a provider twice; put its consents in one entry',
    ],
  ])('%j', (change, line) => {
    expect(linesOf(change)).toEqual([line]);
  });

  const OBJECT = "expected an object, such as { type: 'track', 'properties.total': { $gte: 100 } }";
  const VALUE = 'expected a string, a number, true, false or null';
  const OPERATORS = '$eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $not';
  const nested = (levels: number): object =>
    levels === 0 ? { type: 'track' } : { $and: [nested(levels - 1)] };

  it.each<readonly [unknown, string]>([
    ["type == 'track'", `: ${OBJECT}`],
    [[], `: ${OBJECT}`],
    [() => true, `: ${OBJECT}`],
    [new Date(0), `: ${OBJECT}`],
    [{}, ': is empty; leave it out to take every event'],
    [
      { $where: 'true' },
      '.$where: is not an operator here; use $and, $or, $nor, or a path such as properties.total',
    ],
    [{ $or: [] }, '.$or: expected a list of filters, with at least one'],
    [{ $or: [{ type: 'a' }, 'b'] }, `.$or[1]: ${OBJECT}`],
    [{ 'a..b': 1 }, '.a..b: is not a path; write names with dots between them, such as properties.total'],
    [
      { toString: 'a' },
      '.toString: is a name that every object has, which a filter cannot look at; rename it in a transform',
    ],
    [{ type: ['a', 'b'] }, '.type: is a list; write { $in: [...] } for one of several values'],
    [{ type: /a/ }, `.type: ${VALUE}, or an object of operators such as { $gte: 100 }`],
    [{ type: undefined }, `.type: ${VALUE}, or an object of operators such as { $gte: 100 }`],
    [{ type: NaN }, `.type: ${VALUE}, or an object of operators such as { $gte: 100 }`],
    [{ type: {} }, '.type: is empty; write { $exists: true } for a value that is there'],
    [
      { type: { $regex: '^a' } },
      `.type.$regex: is not an operator of a filter; use ${OPERATORS}. What needs more, such as a regular expression, belongs in a transform`,
    ],
    [{ type: { $in: 'a' } }, '.type.$in: expected a list of values, with at least one'],
    [{ type: { $in: ['a', {}] } }, `.type.$in[1]: ${VALUE}`],
    [{ type: { $eq: {} } }, `.type.$eq: ${VALUE}`],
    [{ total: { $gt: true } }, '.total.$gt: expected a number or a string'],
    [{ total: { $exists: 1 } }, '.total.$exists: expected true or false'],
    [{ total: { $not: 1 } }, '.total.$not: expected an object of operators, such as { $in: [...] }'],
    [
      { properties: { total: 1 } },
      '.properties.total: is not an operator; to look deeper, write the path in one key: "properties.total"',
    ],
    [{ type: { $in: Array.from({ length: 1_001 }, (_, i) => i) } }, ': has 1001 values; use at most 1000'],
    [
      Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, i])),
      ': has 51 conditions; use at most 50',
    ],
    [nested(10), `${'.$and[0]'.repeat(10)}: is more than 10 levels deep; simplify the filter`],
  ])('filter %j', (filter, line) => {
    expect(linesOf({ filter })).toEqual([`filter${line}`]);
  });

  it('each mistake of a filter has a line', () => {
    expect(linesOf({ filter: { type: { $gt: null, $exists: 'no' } } })).toEqual([
      'filter.type.$gt: expected a number or a string',
      'filter.type.$exists: expected true or false',
    ]);
  });
});
