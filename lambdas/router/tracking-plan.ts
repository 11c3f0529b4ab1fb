/**
 * What a source's tracking plan says of an event. It is total: whatever the event is, and whatever becomes of the validator at it, there is a
 * verdict, and the stage learns nothing bad about itself.
 *
 * Names are RudderStack's: the types of violations, `context.violationErrors`, `trackingPlanId`, `trackingPlanVersion`.
 */
import {
  type OnViolation,
  type PlanSettings,
  type SchemaError,
  type Validator,
} from '../../contract/plan.ts';
import { ExactNumber } from '../core/base/exact-json.ts';
import { cut } from '../core/base/text.ts';
import { isJsonObject, type Json, type JsonObject, type SluiceEvent } from '../core/event/event.ts';
import { fits } from './fan-out.ts';

/** @returns undefined: the event violates nothing */
export type PlanJudge = (event: SluiceEvent) => PlanVerdict | undefined;

export interface PlanVerdict {
  readonly onViolation: OnViolation;
  /** The event with its violations. */
  readonly marked: SluiceEvent;
  /** For people, in one line. */
  readonly reason: string;
}

/** Violations that an event carries, and bytes of a text of them: an event must not grow without a bound. */
const MAX_VIOLATIONS = 20;
const MAX_TEXT = 300;

const short = (text: string): string => cut(text, MAX_TEXT);

const violation = (type: string, message: string, meta: JsonObject = {}): JsonObject => ({
  type,
  message,
  meta,
});

const fromSchema = ({ keyword, message = '', instancePath, schemaPath, params }: SchemaError): JsonObject => {
  const meta = { instancePath: short(instancePath), schemaPath: short(schemaPath) };
  switch (keyword) {
    case 'required':
      return violation('Required-Missing', short(message), {
        ...meta,
        missingProperty: short(String(params['missingProperty'])),
      });
    case 'type':
      return violation('Datatype-Mismatch', short(message), meta);
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = params['additionalProperty'] ?? params['unevaluatedProperty'];
      return violation('Additional-Properties', short(`${message} : ${String(name)}`), meta);
    }
    default:
      return violation('Unknown-Violation', short(message), meta);
  }
};

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Numbers as doubles, which is what validators know. @returns the value itself where it has no other */
const doubles = (value: Json): Json => {
  if (value instanceof ExactNumber) return Number(value.text);
  if (isList(value)) {
    const items = value.map(doubles);
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, own]) => [name, doubles(own)] as const);
  return entries.every(([name, own]) => own === value[name]) ? value : Object.fromEntries(entries);
};

const violationsOf = (event: SluiceEvent, validate: Validator): readonly JsonObject[] => {
  try {
    return validate(doubles(event)) ? [] : (validate.errors ?? []).slice(0, MAX_VIOLATIONS).map(fromSchema);
  } catch (error) {
    // It is nested deeper than the stack is high, and a schema or a look at its numbers went down with it.
    return [violation('Unknown-Violation', short(`the event could not be validated: ${String(error)}`))];
  }
};

const marked = (
  event: SluiceEvent,
  { id, version }: PlanSettings,
  violations: readonly Json[],
): SluiceEvent => {
  const context = event['context'] ?? {};
  if (!isJsonObject(context)) return event;
  const made = {
    ...event,
    context: {
      ...context,
      ...(id === undefined ? {} : { trackingPlanId: id }),
      ...(version === undefined ? {} : { trackingPlanVersion: version }),
      violationErrors: violations,
    },
  };
  try {
    // The mark must not be what makes it too large for a queue.
    return fits(made) ? made : event;
  } catch {
    return event;
  }
};

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** Begins with where it is: lists of rejected events are narrow. */
const reasonOf = ([first, ...others]: readonly JsonObject[]): string => {
  const { message, meta } = first ?? {};
  const place = isJsonObject(meta) ? textOf(meta['instancePath']) : '';
  const where = place === '' ? '' : `${place} `;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `tracking plan: ${where}${textOf(message)}${more}`;
};

export const planJudge = (plan: PlanSettings, validators: Readonly<Record<string, Validator>>): PlanJudge => {
  const rules = new Map(
    plan.rules.map(({ type, name, check }) => [JSON.stringify([type, name]), validators[check]] as const),
  );
  const planned = new Set<string>(['track', ...plan.rules.map(({ type }) => type)]);
  const find = (type: string, name: string): Validator | undefined =>
    rules.get(JSON.stringify([type, name])) ?? rules.get(JSON.stringify([type, undefined]));
  const violationsIn = (event: SluiceEvent): readonly JsonObject[] => {
    const type = textOf(event['type']);
    const name = textOf(event[type === 'track' ? 'event' : 'name']);
    const validate = find(type, name);
    if (validate !== undefined) return violationsOf(event, validate);
    if (plan.unplanned === 'allow' || !planned.has(type)) return [];
    const what = name === '' ? type : `${type} "${name}"`;
    return [violation('Unplanned-Event', short(`no ${what} is planned`))];
  };
  return (event) => {
    const violations = violationsIn(event);
    if (violations.length === 0) return undefined;
    const { onViolation } = plan;
    return { onViolation, marked: marked(event, plan, violations), reason: reasonOf(violations) };
  };
};
