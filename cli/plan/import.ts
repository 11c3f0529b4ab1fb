/** Tracking plans of RudderStack and of Segment's Protocols, as their APIs answer them -> a plan of ours. Pure. */
import { isSchema, placesIn, type Schema } from '../../config/plans/subschemas.ts';
import { EVENT_TYPES, type EventType } from '../../contract/plan.ts';
import { tidy } from './tidy.ts';

export const FORMATS = ['rudderstack', 'segment'] as const;
export type Format = (typeof FORMATS)[number];

export interface ImportedEvent {
  readonly type: EventType;
  readonly name?: string;
  readonly description?: string;
  readonly schema: Schema;
}

export interface Imported {
  readonly plan: {
    readonly id?: string;
    readonly version?: string | number;
    readonly events: readonly ImportedEvent[];
  };
  /** What was left out, a line each. */
  readonly notes: readonly string[];
}

/** One that is not a plan of that format. */
export class NotAPlan extends Error {
  override name = 'NotAPlan';
}

const listIn = (value: unknown): readonly Schema[] | undefined =>
  Array.isArray(value) ? value.filter(isSchema) : undefined;
const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const within = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce((inner, name) => (isSchema(inner) ? inner[name] : undefined), value);

interface Rule {
  readonly type: string;
  readonly name: string | undefined;
  readonly description: unknown;
  readonly schema: unknown;
}

interface Found {
  readonly head: unknown;
  readonly rules: readonly Rule[];
  /** A schema for all events of the plan. */
  readonly common?: unknown;
  readonly notes?: readonly string[];
}

const SETTINGS =
  'the settings of the plan for what violates it are not taken: set onViolation and unplanned of the source';

const fromRudderStack = (json: unknown): Found | undefined => {
  const events =
    listIn(within(json, 'rules', 'events')) ??
    listIn(within(json, 'events')) ??
    listIn(within(json, 'data')) ??
    listIn(json);
  if (events === undefined) return undefined;
  const rules = events.map(({ name, eventType, description, rules: schema }) => ({
    type: textIn(eventType) ?? 'track',
    name: textIn(name),
    description,
    schema,
  }));
  return { head: json, rules, notes: within(json, 'config') === undefined ? [] : [SETTINGS] };
};

/** The Public API, which has a list of rules; or the Config API before it, which has an object of them. */
const fromSegment = (json: unknown): Found | undefined => {
  const list = listIn(within(json, 'data', 'rules')) ?? listIn(within(json, 'rules')) ?? listIn(json);
  if (list !== undefined) {
    const rules = list.map(({ type, key, jsonSchema }) => ({
      type: (textIn(type) ?? '').toLowerCase(),
      name: textIn(key),
      description: within(jsonSchema, 'description'),
      schema: jsonSchema,
    }));
    const common = rules.find(({ type }) => type === 'common')?.schema;
    return {
      head: within(json, 'data', 'trackingPlan'),
      rules: rules.filter(({ type }) => type !== 'common'),
      common,
    };
  }
  const rules = within(json, 'rules');
  const events = listIn(within(rules, 'events'));
  if (events === undefined) return undefined;
  const named = (['identify', 'group', 'page', 'screen'] as const).flatMap((type): Rule[] => {
    const schema = within(rules, type);
    return schema === undefined ? [] : [{ type, name: undefined, description: undefined, schema }];
  });
  const older = ['identify_traits', 'group_traits'].filter(
    (key) => (listIn(within(rules, key)) ?? []).length > 0,
  );
  return {
    head: json,
    rules: [
      ...events.map(({ name, description, rules: schema }) => ({
        type: 'track',
        name: textIn(name),
        description,
        schema,
      })),
      ...named,
    ],
    common: within(rules, 'global'),
    notes: older.map((key) => `${key} is not taken: it is no schema`),
  };
};

const READERS: Readonly<Record<Format, (json: unknown) => Found | undefined>> = {
  rudderstack: fromRudderStack,
  segment: fromSegment,
};

/** Whether it asks for anything: both tools write schemas that only name the parts of an event. */
const asks = (schema: Schema): boolean =>
  placesIn(schema, '').some(({ schema: { required, type, ...rest }, path }) =>
    path === '' || /^\.properties\.\w+$/.test(path)
      ? (Array.isArray(required) && required.length > 0) ||
        Object.keys(rest).some(
          (keyword) => !['$schema', 'properties', 'id', 'title', 'description', 'labels'].includes(keyword),
        )
      : type !== undefined || Object.keys(rest).length > 0,
  );

const NAMED_TYPES: readonly string[] = ['track', 'page', 'screen'];
const isType = (type: string): type is EventType => EVENT_TYPES.some((known) => known === type);

/**
 * @param isKnown whether it is a keyword that schemas may have
 * @throws NotAPlan
 */
export const importPlan = (
  format: Format,
  json: unknown,
  isKnown: (keyword: string) => boolean,
): Imported => {
  const found = READERS[format](json);
  if (found === undefined) throw new NotAPlan();
  const notes = [...(found.notes ?? [])];
  const common =
    isSchema(found.common) && asks(found.common) ? tidy(found.common, isKnown).schema : undefined;
  if (common !== undefined)
    notes.push(
      'the rules for all events were added to those of each event: an event that is not in the plan is not held to them',
    );
  const events = found.rules.flatMap(({ type, name, description, schema }, i): ImportedEvent[] => {
    const what =
      name === undefined ? `rule ${i}, ${type || 'without a type'}` : `${type} ${JSON.stringify(name)}`;
    if (!isType(type) || (type === 'track' && name === undefined) || !isSchema(schema)) {
      notes.push(`${what}: is not taken: it is no rule for events of a type`);
      return [];
    }
    // Both have empty rules for the types that a plan says nothing of.
    if (type !== 'track' && !asks(schema)) return [];
    const tidied = tidy(schema, isKnown);
    if (tidied.leftOut.length > 0) notes.push(`${what}: left out ${tidied.leftOut.join(', ')}`);
    const text = textIn(description);
    return [
      {
        type,
        ...(name !== undefined && NAMED_TYPES.includes(type) ? { name } : {}),
        ...(text === undefined ? {} : { description: text }),
        schema: common === undefined ? tidied.schema : { allOf: [common, tidied.schema] },
      },
    ];
  });
  const id = textIn(within(found.head, 'id')) ?? textIn(within(found.head, 'name'));
  const version = within(found.head, 'version');
  return {
    plan: {
      ...(id === undefined ? {} : { id }),
      ...(typeof version === 'number' || textIn(version) !== undefined
        ? { version: version as string | number }
        : {}),
      events,
    },
    notes,
  };
};
