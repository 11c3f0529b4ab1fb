/** The file of a tracking plan: which are valid, and what a mistake is answered with. */
import { describe, expect, it } from '@jest/globals';
import { readPlan } from '../../../config/plans/plan-file.ts';

const issues = (plan: unknown): readonly string[] => {
  const result = readPlan(typeof plan === 'string' ? plan : JSON.stringify(plan));
  return result.ok ? [] : result.issues;
};
const ofSchema = (schema: object): readonly string[] => issues({ events: [{ name: 'Paid', schema }] });

describe('a plan', () => {
  it('has rules for types and names of events, each with the name of its validator', () => {
    const events = [
      { name: 'Paid', description: 'An order was paid', schema: { type: 'object' } },
      { type: 'page', name: 'Home', schema: {} },
      { type: 'page', schema: {} },
      { type: 'identify', schema: { $schema: 'http://json-schema.org/draft-07/schema#' } },
    ];
    const result = readPlan(JSON.stringify({ id: 'web', version: 2, events }), 'p');
    expect(result).toMatchObject({
      ok: true,
      value: {
        plan: { id: 'web', version: 2 },
        rules: [
          { type: 'track', name: 'Paid', check: 'p0' },
          { type: 'page', name: 'Home', check: 'p1' },
          { type: 'page', check: 'p2' },
          { type: 'identify', check: 'p3' },
        ],
      },
    });
  });

  it.each<[unknown, string]>([
    ['{', 'is not JSON: '],
    [7, 'the plan: expected an object'],
    [{}, 'events: is missing'],
    [{ events: [], rules: [] }, 'rules: unknown key'],
    [{ events: {} }, 'events: expected a list of { type, name, schema }'],
    [{ events: [{ schema: {} }] }, 'events[0].name: is missing; name the event'],
    [{ events: [{ name: 'Paid' }] }, 'events[0].schema: is missing'],
    [{ events: [{ name: 'Paid', schema: true }] }, 'events[0].schema: expected a JSON Schema, an object'],
    [
      { events: [{ type: 'event', schema: {} }] },
      'events[0].type: "event" is not a type of event; use one of "track"',
    ],
    [
      { events: [{ type: 'identify', name: 'x', schema: {} }] },
      'events[0].name: is of "track", "page" and "screen" alone',
    ],
    [
      {
        events: [
          { name: 'Paid', schema: {} },
          { type: 'track', name: 'Paid', schema: {} },
        ],
      },
      'events[1]: track "Paid" is in the plan already, at events[0]; remove one of them',
    ],
  ])('%j: %s', (plan, line) => {
    const found = issues(plan);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(line);
  });
});

describe('a schema', () => {
  it.each([
    { type: 'object', properties: { a: { type: ['string', 'null'], maxLength: 3 } }, required: ['b'] },
    { $ref: '#/definitions/a', definitions: { a: { type: 'object' } } },
    { title: 'Paid', description: 'd', $comment: 'c', default: {}, examples: [1], properties: {} },
    { properties: { list: { items: [{ type: 'string' }, { type: 'number' }], additionalItems: false } } },
    { dependencies: { a: ['b'] }, if: { required: ['a'] }, then: { required: ['c'] } },
    { $schema: 'https://json-schema.org/draft/2019-09/schema', unevaluatedProperties: false },
  ])('of draft 6, 7 or 2019-09 is read: %j', (schema) => {
    expect(ofSchema(schema)).toEqual([]);
  });

  it.each<[object, string]>([
    [{ type: 'objekt' }, '.type: must be equal to one of the allowed values'],
    [{ properties: { a: { type: 'string', minLength: -1 } } }, '.properties.a.minLength: must be >= 0'],
    [
      { properties: { 'a b': { requird: [] } } },
      '.properties["a b"].requird: is not a keyword of JSON Schema',
    ],
    [
      { items: { properties: { a: { pattern: '(?=x)' } } } },
      '.items.properties.a.pattern: "(?=x)" is not a pattern of RE2',
    ],
    [{ patternProperties: { '(a': {} } }, '.patternProperties: "(a" is not a pattern of RE2'],
    [{ properties: { a: { type: 'string', format: 'e-mail' } } }, ': unknown format "e-mail"'],
    [{ $ref: '#/definitions/none' }, ": can't resolve reference #/definitions/none"],
    [
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      '.$schema: "http://json-schema.org/draft-04/schema#" is not a draft that is read',
    ],
  ])('%j: %s', (schema, line) => {
    const found = ofSchema(schema);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toContain(`events[0].schema${line}`);
  });
});
