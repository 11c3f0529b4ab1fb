/** The schemas inside a JSON Schema, each with its path. */

export type Schema = Readonly<Record<string, unknown>>;

export const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords whose values are schemas by names. */
export const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependentSchemas',
  'dependencies',
]);

/** Keywords whose values are a schema, or a list of schemas. */
export const NESTED: ReadonlySet<string> = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
  'allOf',
  'anyOf',
  'oneOf',
]);

export interface Place {
  /** As a JavaScript expression would go on, such as `.properties.total`. */
  readonly path: string;
  readonly schema: Schema;
}

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
export const at = (path: string, name: string): string =>
  NAME.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;

/** The schema itself first. */
export const placesIn = (schema: Schema, path: string): readonly Place[] => [
  { path, schema },
  ...Object.entries(schema).flatMap(([keyword, value]) => {
    const here = at(path, keyword);
    const values = NAMED.has(keyword) && isSchema(value) ? Object.entries(value) : [];
    const named = values.flatMap(([name, inner]) => (isSchema(inner) ? placesIn(inner, at(here, name)) : []));
    if (!NESTED.has(keyword)) return named;
    if (isSchema(value)) return placesIn(value, here);
    return Array.isArray(value)
      ? value.flatMap((inner: unknown, i) => (isSchema(inner) ? placesIn(inner, `${here}[${i}]`) : []))
      : [];
  }),
];
