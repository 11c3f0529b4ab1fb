/** Tracking plans of RudderStack and Segment, in the shapes of their APIs, as ours: what comes out is a plan that is read. */
import { describe, expect, it } from '@jest/globals';
import { importPlan, NotAPlan, type Format, type Imported } from '../../../cli/plan/import.ts';
import { isKeyword, planCompiler } from '../../../config/plans/compiler.ts';
import { readPlan } from '../../../config/plans/plan-file.ts';

const ajv = planCompiler();
const imported = (format: Format, json: unknown): Imported =>
  importPlan(format, json, (keyword) => isKeyword(ajv, keyword));
const issues = ({ plan }: Imported): readonly string[] => {
  const result = readPlan(JSON.stringify(plan));
  return result.ok ? [] : result.issues;
};

const DRAFT_7 = 'http://json-schema.org/draft-07/schema#';
const DRAFT_4 = 'http://json-schema.org/draft-04/schema#';

describe('of RudderStack', () => {
  const clicked = {
    id: 'ev_1',
    name: 'Product clicked',
    description: 'Fired when a product is clicked.',
    eventType: 'track',
    version: '1-0-0',
    rules: {
      $schema: DRAFT_7,
      type: 'object',
      required: ['properties'],
      properties: {
        properties: {
          $schema: DRAFT_7,
          type: 'object',
          additionalProperties: false,
          required: ['email'],
          properties: { email: { type: ['string'] }, revenue: { type: 'number' } },
        },
      },
    },
  };
  const identify = {
    name: '',
    eventType: 'identify',
    rules: {
      type: 'object',
      version: '1',
      properties: { context: { properties: { traits: { required: ['email'] } } } },
    },
  };
  const plan = {
    id: 'tp_1',
    name: 'Shop',
    version: 7,
    config: { global: { allowUnplannedEvents: 'false' } },
    rules: { events: [clicked, identify] },
  };

  it('has each event with its schema, without what says nothing', () => {
    const made = imported('rudderstack', plan);
    expect(made.plan).toEqual({
      id: 'tp_1',
      version: 7,
      events: [
        {
          type: 'track',
          name: 'Product clicked',
          description: 'Fired when a product is clicked.',
          schema: {
            type: 'object',
            required: ['properties'],
            properties: {
              properties: {
                type: 'object',
                additionalProperties: false,
                required: ['email'],
                properties: { email: { type: ['string'] }, revenue: { type: 'number' } },
              },
            },
          },
        },
        {
          type: 'identify',
          schema: {
            type: 'object',
            properties: { context: { properties: { traits: { required: ['email'] } } } },
          },
        },
      ],
    });
    expect(made.notes).toEqual([
      expect.stringContaining('set onViolation and unplanned of the source'),
      'rule 1, identify: left out version',
    ]);
    expect(issues(made)).toEqual([]);
  });

  it.each([
    ['events', { events: [clicked] }],
    ['a page of events', { data: [clicked], total: 1 }],
    ['a list', [clicked]],
  ])('is read as %s as well', (_, json) => {
    expect(imported('rudderstack', json).plan.events.map(({ name }) => name)).toEqual(['Product clicked']);
  });
});

describe('of Segment', () => {
  const schemaOf = (draft: string, properties: object) => ({
    $schema: draft,
    id: 'order-completed',
    type: 'object',
    labels: {},
    properties: { context: {}, traits: {}, properties: { type: 'object', required: ['price'], properties } },
  });

  it("has the rules of the Public API, and its rules for all events in each event's", () => {
    const made = imported('segment', {
      data: {
        rules: [
          {
            type: 'TRACK',
            key: 'Order Completed',
            version: 1,
            jsonSchema: schemaOf(DRAFT_7, { price: { type: ['number'] } }),
          },
          {
            type: 'IDENTIFY',
            version: 1,
            jsonSchema: { type: 'object', properties: { traits: { required: ['name'] } } },
          },
          {
            type: 'GROUP',
            version: 1,
            jsonSchema: { type: 'object', properties: { traits: {}, properties: {} } },
          },
          { type: 'COMMON', version: 1, jsonSchema: { properties: { context: { required: ['library'] } } } },
        ],
        pagination: {},
      },
    });
    const common = { properties: { context: { required: ['library'] } } };
    expect(made.plan.events).toEqual([
      {
        type: 'track',
        name: 'Order Completed',
        schema: {
          allOf: [
            common,
            {
              type: 'object',
              properties: {
                context: {},
                traits: {},
                properties: {
                  type: 'object',
                  required: ['price'],
                  properties: { price: { type: ['number'] } },
                },
              },
            },
          ],
        },
      },
      {
        type: 'identify',
        schema: { allOf: [common, { type: 'object', properties: { traits: { required: ['name'] } } }] },
      },
    ]);
    expect(made.notes).toEqual([
      expect.stringContaining('an event that is not in the plan is not held to them'),
      'track "Order Completed": left out labels',
    ]);
    expect(issues(made)).toEqual([]);
  });

  it('has those of the Config API, of draft 4', () => {
    const price = {
      type: ['number'],
      minimum: 0,
      exclusiveMinimum: true,
      maximum: 9,
      exclusiveMaximum: false,
    };
    const empty = {
      $schema: DRAFT_4,
      type: 'object',
      properties: { context: {}, traits: {}, properties: {} },
    };
    const made = imported('segment', {
      name: 'workspaces/w/tracking-plans/rs_1',
      display_name: 'Kicks App',
      rules: {
        identify_traits: [{ name: 'age' }],
        group_traits: [],
        events: [
          {
            name: 'Order Completed',
            description: 'Who bought what',
            version: 1,
            rules: schemaOf(DRAFT_4, { price }),
          },
        ],
        global: empty,
        identify: {
          $schema: DRAFT_4,
          type: 'object',
          properties: { traits: { type: 'object', required: ['name'] } },
        },
        group: empty,
      },
    });
    expect(made.plan.id).toBe('workspaces/w/tracking-plans/rs_1');
    expect(made.plan.events.map(({ type, name }) => [type, name])).toEqual([
      ['track', 'Order Completed'],
      ['identify', undefined],
    ]);
    expect(made.plan.events[0]?.schema).toMatchObject({
      properties: {
        properties: { properties: { price: { type: ['number'], exclusiveMinimum: 0, maximum: 9 } } },
      },
    });
    expect(made.notes).toEqual([
      'identify_traits is not taken: it is no schema',
      'track "Order Completed": left out labels',
    ]);
    expect(issues(made)).toEqual([]);
  });
});

it('names what it does not take, and refuses what is no plan', () => {
  const made = imported('rudderstack', {
    events: [
      { eventType: 'track', rules: {} },
      { name: 'x', eventType: 'odd', rules: {} },
    ],
  });
  expect(made.plan.events).toEqual([]);
  expect(made.notes).toEqual([
    'rule 0, track: is not taken: it is no rule for events of a type',
    'odd "x": is not taken: it is no rule for events of a type',
  ]);
  for (const json of [{}, 7, null, { rules: {} }]) {
    expect(() => imported('segment', json)).toThrow(NotAPlan);
    expect(() => imported('rudderstack', json)).toThrow(NotAPlan);
  }
});
