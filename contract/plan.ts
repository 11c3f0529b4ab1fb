/** Tracking plans as the router has them. The compiled schemas are a module of their own next to its code (`BUNDLE_FILES`). */

export const EVENT_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What becomes of an event that violates the plan; `only`: the ids of the destinations that get it. */
export type OnViolation = 'mark' | 'reject' | { readonly only: readonly string[] };

export interface PlanRule {
  readonly type: EventType;
  /** Of a `track` its event's, of a `page` or a `screen` its own. Absent: all events of the type that have no rule of their own. */
  readonly name?: string;
  /** The export of the module that validates such an event. */
  readonly check: string;
}

export interface PlanSettings {
  readonly onViolation: OnViolation;
  /** What an event is of which the plan says nothing. */
  readonly unplanned: 'allow' | 'violate';
  readonly id?: string;
  readonly version?: string | number;
  readonly rules: readonly PlanRule[];
}

/** One error of a validator, as `ajv` has it. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** An export of the module. It is not pure: `errors` are those of the last call. */
export interface Validator {
  (event: unknown): boolean;
  readonly errors?: readonly SchemaError[] | null;
}
