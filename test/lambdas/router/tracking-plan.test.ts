/** Verdicts of a tracking plan on single events, with the validators as they are deployed. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from '../../../lambdas/core/base/exact-json.ts';
import { MAX_EVENT_BYTES } from '../../../lambdas/core/base/limits.ts';
import { eventBytes } from '../../../lambdas/core/event/envelope.ts';
import type { Json, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { planJudge, type PlanJudge } from '../../../lambdas/router/tracking-plan.ts';
import { deployedPlan, withProperties } from '../../support/plans.ts';

const paid = (properties: unknown, more: object = {}): SluiceEvent =>
  ({ messageId: 'm', type: 'track', event: 'Paid', properties, ...more }) as SluiceEvent;

const PAID = {
  name: 'Paid',
  schema: withProperties(
    {
      total: { type: 'number' },
      count: { type: 'integer' },
      currency: { enum: ['EUR', 'USD'] },
      coupon: { type: 'string', pattern: '^[A-Z]+\\d$' },
      mail: { type: 'string', format: 'email' },
      at: { type: 'string', format: 'date-time' },
      tags: { type: 'array', uniqueItems: true },
      name: { type: 'string', minLength: 2, maxLength: 3 },
    },
    'total',
  ),
};

const judgeOf = async (...plan: Parameters<typeof deployedPlan>): Promise<PlanJudge> => {
  const { settings, validators } = await deployedPlan(...plan);
  return planJudge(settings, validators);
};
const errorsOf = (event: SluiceEvent | undefined): Json | undefined =>
  (event?.['context'] as { violationErrors?: Json } | undefined)?.violationErrors;

describe('an event of the plan', () => {
  let judge: PlanJudge;
  beforeAll(async () => {
    judge = await judgeOf([PAID]);
  });

  it.each<object>([
    { total: 1 },
    { total: 1.5, currency: 'EUR', coupon: 'SPRING7', mail: 'ada@example.com', at: '2026-11-22T10:00:00Z' },
    { total: 0, tags: [{ a: 1, b: 2 }, { a: 1 }, 1, '1'], name: 'añ' },
  ])('that fits its schema is not changed: %j', (properties) => {
    expect(judge(paid(properties))).toBeUndefined();
  });

  it('may have numbers that a double cannot hold', () => {
    const properties = parse('{"total":1e400,"count":90071992547409931}') as object;
    expect(judge(paid(properties))).toBeUndefined();
  });

  it('that does not fit carries what is wrong, as RudderStack has it', () => {
    const verdict = judge(paid({ total: '1', colour: 'red' }, { context: { ip: '203.0.113.9' } }));
    expect(verdict?.marked['context']).toEqual({
      ip: '203.0.113.9',
      violationErrors: [
        {
          type: 'Additional-Properties',
          message: 'must NOT have additional properties : colour',
          meta: {
            instancePath: '/properties',
            schemaPath: '#/properties/properties/additionalProperties',
          },
        },
        {
          type: 'Datatype-Mismatch',
          message: 'must be number',
          meta: {
            instancePath: '/properties/total',
            schemaPath: '#/properties/properties/properties/total/type',
          },
        },
      ],
    });
    expect(verdict?.reason).toBe(
      'tracking plan: /properties must NOT have additional properties : colour, and 1 more',
    );
    expect(errorsOf(judge(paid({}))?.marked)).toEqual([
      {
        type: 'Required-Missing',
        message: "must have required property 'total'",
        meta: {
          instancePath: '/properties',
          schemaPath: '#/properties/properties/required',
          missingProperty: 'total',
        },
      },
    ]);
  });

  it.each<[string, object]>([
    ['currency', { currency: 'eur' }],
    ['coupon', { coupon: 'spring' }],
    ['mail', { mail: 'ada' }],
    ['at', { at: '2026-13-22T10:00:00Z' }],
    ['tags', { tags: [{ a: 1, b: 2 }, 1, { b: 2, a: 1 }] }],
    ['name', { name: 'a' }],
    ['count', parse('{"count":1.50}') as object],
  ])('is wrong at %s', (name, properties) => {
    const errors = errorsOf(judge(paid({ total: 1, ...properties }))?.marked) as { meta: object }[];
    expect(errors.map(({ meta }) => meta)).toMatchObject([{ instancePath: `/properties/${name}` }]);
  });

  it('is matched in time that is linear in its text, whatever the pattern', async () => {
    const evil = await judgeOf([{ name: 'Paid', schema: withProperties({ a: { pattern: '^(a+)+$' } }) }]);
    expect(evil(paid({ a: `${'a'.repeat(50_000)}!` }))).toBeDefined();
    expect(evil(paid({ a: 'a'.repeat(50_000) }))).toBeUndefined();
  });

  it('is not judged by names that objects have', () => {
    expect(judge(paid({}, { event: 'toString' }))).toBeUndefined();
    expect(judge(paid({}, { event: '__proto__', type: 'constructor' }))).toBeUndefined();
  });
});

describe('the mark', () => {
  it('names the plan and its version, where the file does', async () => {
    const judge = await judgeOf([PAID], { file: { id: 'web', version: 3 } });
    const context = judge(paid({}))?.marked['context'];
    expect(context).toMatchObject({ trackingPlanId: 'web', trackingPlanVersion: 3 });
  });

  it('is made where there is no context, and left out where the context is something else', async () => {
    const judge = await judgeOf([PAID]);
    expect(errorsOf(judge(paid({}))?.marked)).toHaveLength(1);
    const odd = paid({}, { context: 'text' });
    expect(judge(odd)?.marked).toBe(odd);
  });

  it('is bounded, and left out where the event would no longer fit', async () => {
    const judge = await judgeOf([
      { name: 'Paid', schema: withProperties({ list: { items: { type: 'string' } } }) },
    ]);
    const many = judge(paid({ list: Array.from({ length: 5_000 }, () => 1) }));
    expect(errorsOf(many?.marked)).toHaveLength(20);
    const large = paid({ list: [1], text: 'x'.repeat(MAX_EVENT_BYTES - 150) });
    expect(eventBytes(large)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(judge(large)?.marked).toBe(large);
  });
});

describe('an event that the plan does not have', () => {
  const other = paid({}, { event: 'Refunded' });
  const page = { messageId: 'm', type: 'page', name: 'Home' } as SluiceEvent;

  it('is allowed, unless it is to violate the plan', async () => {
    const judge = await judgeOf([PAID], { unplanned: 'violate' });
    expect((await judgeOf([PAID]))(other)).toBeUndefined();
    expect(errorsOf(judge(other)?.marked)).toEqual([
      { type: 'Unplanned-Event', message: 'no track "Refunded" is planned', meta: {} },
    ]);
    expect(judge(paid({}, { event: 7 }))?.reason).toBe('tracking plan: no track is planned');
  });

  it('of a type of which the plan has none is not looked at', async () => {
    const judge = await judgeOf([PAID], { unplanned: 'violate' });
    expect(judge(page)).toBeUndefined();
    const pages = await judgeOf([{ type: 'page', name: 'Prices', schema: {} }], { unplanned: 'violate' });
    expect(pages(page)).toBeDefined();
    expect(pages(other)).toBeDefined();
  });

  it('is held to the rule of its type, where there is one without a name', async () => {
    const judge = await judgeOf([
      { type: 'page', name: 'Home', schema: { required: ['home'] } },
      { type: 'page', schema: { required: ['any'] } },
    ]);
    const missing = (event: SluiceEvent) => judge(event)?.reason;
    expect(missing(page)).toContain("required property 'home'");
    expect(missing({ ...page, name: 'Prices' })).toContain("required property 'any'");
  });
});

describe('whatever the event', () => {
  it('there is a verdict', async () => {
    const recursive = {
      type: 'object',
      properties: { a: { $ref: '#' }, messageId: { type: 'string' } },
      additionalProperties: { type: ['string', 'number'] },
    };
    const judge = await judgeOf([{ type: 'identify', schema: recursive }, PAID], { unplanned: 'violate' });
    const deep = parse(`{"a":`.repeat(9_000) + '1' + '}'.repeat(9_000)) as object;
    for (const type of ['identify', 'track', 'page', 7, null])
      expect(() =>
        judge({ messageId: 'm', ...deep, type, event: 'Paid', properties: deep } as SluiceEvent),
      ).not.toThrow();
    const reason = judge({ messageId: 'm', type: 'identify', ...deep })?.reason;
    expect(reason).toContain('tracking plan: the event could not be validated');
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('identify', 'track', 'page'), (value, type) => {
        judge({ messageId: 'm', type, event: 'Paid', properties: value, context: value } as SluiceEvent);
      }),
    );
  });
});
