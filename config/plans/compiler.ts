/**
 * JSON Schemas -> validators, by `ajv`, as RudderStack has them: drafts 6 and 7 and 2019-09, with formats, and all errors of an event.
 *
 * An event may come from anybody who has the write key, so two keywords are not ajv's own. A `pattern` is matched by RE2's algorithm, in time
 * that is linear in the text; and `uniqueItems` compares texts, where ajv compares each pair of objects.
 */
import { Ajv2019, Name, _, type KeywordCxt } from 'ajv/dist/2019.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';

/** What the module of the validators calls by these names; `lib/plan-module.ts` defines them there. */
export const RUNTIME = { pattern: 'sluicePattern', isUnique: 'sluiceIsUnique' } as const;

/** @throws Error when it has what RE2 lacks: looking ahead or behind, and back at what was matched */
export const compilePattern = (source: string): RE2JS => RE2JS.compile(RE2JS.translateRegExp(source));

const regExp = Object.assign((source: string) => compilePattern(source), { code: RUNTIME.pattern });

/** Is what the module has under this name; here it validates the schemas themselves. */
const isUnique = (list: readonly unknown[]): boolean =>
  new Set(list.map((item) => JSON.stringify(item))).size === list.length;

const uniqueItems = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  code: (context: KeywordCxt): void => {
    if (context.schema !== true) return;
    const check = context.gen.scopeValue('func', { ref: isUnique, code: _`${new Name(RUNTIME.isUnique)}` });
    context.fail(_`!${check}(${context.data})`);
  },
} as const;

/** A new one for each plan: its schemas are compiled together. */
export const planCompiler = (): Ajv2019 => {
  const ajv = new Ajv2019({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // 1e400 is a number of JSON.
    strictNumbers: false,
    allowUnionTypes: true,
    // `config/plans/plan-file.ts` asks for the errors.
    validateSchema: false,
    logger: false,
    code: { source: true, esm: true, regExp },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword(uniqueItems);
  formats.default(ajv);
  return ajv;
};

/** Whether schemas may have it; of `format` and the like, whatever their values. */
export const isKeyword = (ajv: Ajv2019, name: string): boolean =>
  Object.hasOwn(ajv.RULES.keywords, name) && ajv.RULES.keywords[name] !== false;
