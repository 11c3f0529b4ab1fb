/** The file of a tracking plan: its shape, and that each of its schemas is one. Each mistake is a line with the path of what is wrong. */
import type { Ajv2019 } from 'ajv/dist/2019.js';
import * as v from 'valibot';
import { EVENT_TYPES, type PlanRule } from '../../contract/plan.ts';
import { describeIssue } from '../issues.ts';
import { got, text } from '../values.ts';
import { compilePattern, isKeyword, planCompiler } from './compiler.ts';
import { at, isSchema, placesIn, type Place, type Schema } from './subschemas.ts';

const types = EVENT_TYPES.map((type) => JSON.stringify(type)).join(', ');
const NAMED_TYPES: readonly string[] = ['track', 'page', 'screen'];

const rule = v.pipe(
  v.strictObject({
    type: v.optional(v.picklist(EVENT_TYPES, got(`is not a type of event; use one of ${types}`)), 'track'),
    /** Of a `track`, its `event`. */
    name: v.optional(text('the name of an event')),
    description: v.optional(v.string('expected a text')),
    /** Of the whole event. */
    schema: v.custom<Schema>(isSchema, 'expected a JSON Schema, an object'),
  }),
  v.forward(
    v.check(({ type, name }) => type !== 'track' || name !== undefined, 'is missing; name the event'),
    ['name'],
  ),
  v.forward(
    v.check(
      ({ type, name }) => name === undefined || NAMED_TYPES.includes(type),
      'is of "track", "page" and "screen" alone; remove it',
    ),
    ['name'],
  ),
);

const planFile = v.strictObject({
  /** For editors. */
  $schema: v.optional(v.string()),
  /** Marked events have it as `context.trackingPlanId`. */
  id: v.optional(text("the plan's id")),
  version: v.optional(v.union([v.string(), v.number()], 'expected a version, a number or a string')),
  events: v.array(rule, 'expected a list of { type, name, schema }'),
});

export type PlanFile = v.InferOutput<typeof planFile>;

export interface ReadPlan {
  readonly plan: PlanFile;
  /** `check`: the name of the rule's validator. */
  readonly rules: readonly PlanRule[];
}

/** What is wrong, or the plan. */
export type PlanResult =
  | { readonly ok: true; readonly value: ReadPlan }
  | { readonly ok: false; readonly issues: readonly string[] };

const DRAFTS = /json-schema\.org\/(draft-0[67]\/|draft\/2019-09\/)/;

const jsonOf = (content: string): { readonly json: unknown } | { readonly issue: string } => {
  try {
    return { json: JSON.parse(content) as unknown };
  } catch (error) {
    return { issue: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
};

/** What ajv itself would say without the path, or would not say. */
const issuesAt = ({ path, schema }: Place, ajv: Ajv2019): string[] => {
  const unknown = Object.keys(schema).filter((keyword) => !isKeyword(ajv, keyword));
  const regular = [
    ...(typeof schema['pattern'] === 'string' ? [[`${path}.pattern`, schema['pattern']] as const] : []),
    ...(isSchema(schema['patternProperties'])
      ? Object.keys(schema['patternProperties']).map(
          (source) => [`${path}.patternProperties`, source] as const,
        )
      : []),
  ];
  return [
    ...unknown.map((keyword) => `${at(path, keyword)}: is not a keyword of JSON Schema`),
    ...regular.flatMap(([where, source]) => {
      try {
        compilePattern(source);
        return [];
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return [
          `${where}: ${JSON.stringify(source)} is not a pattern of RE2, which matches in linear time: ${why}`,
        ];
      }
    }),
  ];
};

/** A pointer as a path. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : at(path, part)), '');

/** Adds a rule's schema to those of the module. @returns what is wrong with it */
const compileRule = (
  { schema: written }: PlanFile['events'][number],
  path: string,
  check: string,
  ajv: Ajv2019,
): readonly string[] => {
  const { $schema: draft, ...schema } = written;
  if (draft !== undefined && !(typeof draft === 'string' && DRAFTS.test(draft)))
    return [
      `${path}.$schema: ${JSON.stringify(draft)} is not a draft that is read; use draft 6, 7 or 2019-09`,
    ];
  const issues = placesIn(schema, path).flatMap((place) => issuesAt(place, ajv));
  if (issues.length > 0) return issues;
  if (ajv.validateSchema(schema) !== true)
    return (ajv.errors ?? []).map(
      ({ instancePath, message = 'is not valid' }) => `${path}${pathOf(instancePath)}: ${message}`,
    );
  try {
    // Not by an id: references inside of it are to its own.
    ajv.addSchema(schema, check, undefined, false).getSchema(check);
    return [];
  } catch (error) {
    return [`${path}: ${error instanceof Error ? error.message : String(error)}`];
  }
};

const duplicates = (events: PlanFile['events']): string[] => {
  const places = new Map<string, number>();
  return events.flatMap(({ type, name }, i) => {
    const key = JSON.stringify([type, name]);
    const first = places.get(key) ?? i;
    places.set(key, first);
    const what = name === undefined ? type : `${type} ${JSON.stringify(name)}`;
    return first === i
      ? []
      : [`events[${i}]: ${what} is in the plan already, at events[${first}]; remove one of them`];
  });
};

/**
 * @param content of the file
 * @param prefix of the validators' names
 * @param ajv what compiles them: those of several plans become one module
 */
export const readPlan = (content: string, prefix = 'check', ajv = planCompiler()): PlanResult => {
  const read = jsonOf(content);
  if ('issue' in read) return { ok: false, issues: [read.issue] };
  const parsed = v.safeParse(planFile, read.json, { abortPipeEarly: true });
  if (!parsed.success)
    return { ok: false, issues: parsed.issues.map((issue) => describeIssue(issue, 'the plan')) };
  const plan = parsed.output;
  const issues = duplicates(plan.events);
  const rules = plan.events.map((event, i): PlanRule => {
    const check = `${prefix}${i}`;
    issues.push(...compileRule(event, `events[${i}].schema`, check, ajv));
    const { type, name } = event;
    return { type, ...(name === undefined ? {} : { name }), check };
  });
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: { plan, rules } };
};
