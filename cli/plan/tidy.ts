/** Schemas of other tools as `ajv` reads them: of an earlier draft, or with keywords of the tool's own. Pure. */
import { at, isSchema, NAMED, NESTED, type Schema } from '../../config/plans/subschemas.ts';

export interface Tidied {
  readonly schema: Schema;
  /** Paths of what was left out. */
  readonly leftOut: readonly string[];
}

/** What every schema may say, and what says nothing to a validator of ours. */
const SILENT = new Set(['$schema', 'id', '$id']);

/** Of draft 4: a limit that is not reached. */
const LIMITS: Readonly<Record<string, string>> = { exclusiveMinimum: 'minimum', exclusiveMaximum: 'maximum' };

/** @param isKnown whether it is a keyword */
export const tidy = (schema: Schema, isKnown: (keyword: string) => boolean, path = ''): Tidied => {
  const leftOut: string[] = [];
  const inside = (value: unknown, where: string): unknown => {
    if (!isSchema(value)) return value;
    const tidied = tidy(value, isKnown, where);
    leftOut.push(...tidied.leftOut);
    return tidied.schema;
  };
  const isExclusive = (keyword: string): boolean =>
    Object.entries(LIMITS).some(([exclusive, limit]) => limit === keyword && schema[exclusive] === true);
  const entries = Object.entries(schema).flatMap(([keyword, value]): (readonly [string, unknown])[] => {
    const here = at(path, keyword);
    if (SILENT.has(keyword) || isExclusive(keyword)) return [];
    const limit = LIMITS[keyword];
    if (limit !== undefined && typeof value === 'boolean')
      return value && schema[limit] !== undefined ? [[keyword, schema[limit]]] : [];
    if (!isKnown(keyword)) {
      leftOut.push(here.replace(/^\./, ''));
      return [];
    }
    if (NAMED.has(keyword) && isSchema(value)) {
      const named = Object.entries(value).map(([name, inner]) => [name, inside(inner, at(here, name))]);
      return [[keyword, Object.fromEntries(named)]];
    }
    if (!NESTED.has(keyword)) return [[keyword, value]];
    return [
      [
        keyword,
        Array.isArray(value)
          ? value.map((inner: unknown, i) => inside(inner, `${here}[${i}]`))
          : inside(value, here),
      ],
    ];
  });
  return { schema: Object.fromEntries(entries), leftOut };
};
