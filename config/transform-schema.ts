/** `transform`: the user's own code, for the whole pipeline or for one destination, and the limits that it runs under. */
import ms from 'ms';
import * as v from 'valibot';
import { count, duration, fileOr, got, secret, text } from './values.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Names that objects have already. Valibot leaves them out of a record, which would lose a value without an error. */
const BUILT_IN = ['__proto__', 'constructor', 'prototype'];

const builtInOf = (record: unknown): string | undefined =>
  BUILT_IN.find((name) => typeof record === 'object' && record !== null && Object.hasOwn(record, name));

/** Values by the names under which the transform reads them. */
const named = <T extends v.GenericSchema>(value: T, what: string) =>
  v.pipe(
    v.custom<Readonly<Record<string, v.InferInput<T>>>>(
      (input) => builtInOf(input) === undefined,
      ({ input }) => `"${builtInOf(input) ?? ''}" is a name that every object has; use another name`,
    ),
    v.record(
      v.pipe(v.string(), v.regex(NAME, got('is not a name; use letters, digits and _, no digit first'))),
      value,
      `expected an object: ${what}`,
    ),
  );

const file = text('the path of a module');

const options = v.strictObject({
  /** A module whose default export is `transform(event, context)`. Relative to the config file. */
  file,
  /**
   * The longest that one event may take, wall time: 50ms to 5m, and at most a sixth of the function's timeout. Default: 5
   * seconds, or a sixth of the function's timeout where that is less.
   */
  timeout: v.optional(duration('50ms', '5m')),
  /** The heap that it may use; MB. Default: 128. */
  memory: v.optional(count(16, 256), 128),
  /** Its environment variables, by name. It sees nothing else of the function's environment. */
  env: v.optional(
    named(v.string('expected a string'), 'the values of environment variables by their names'),
    {},
  ),
  /** Secrets by the names under which it gets their values. Its function may read these and no others. */
  secrets: v.optional(named(secret, '{ secretName: "..." } by names'), {}),
});

/** The path of a module, or an object with the path as `file`; becomes the object. */
export const transform = fileOr(file, options, 'the path of a module, or { file: "./transform.ts", ... }');

/** What the code reads: every default filled in. */
export interface ResolvedTransform {
  readonly file: string;
  /** The longest that one event may take; milliseconds. */
  readonly timeout: number;
  /** The heap that it may use; MB. */
  readonly memory: number;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, { readonly secretName: string }>>;
}

/**
 * Fills in the default of `timeout`.
 * @param functionTimeout of the function that runs the transform; milliseconds
 */
export const withTimeout = (
  { timeout, ...rest }: v.InferOutput<typeof transform>,
  functionTimeout: number,
): ResolvedTransform => ({
  ...rest,
  timeout: timeout ?? Math.min(ms('5s'), Math.floor(functionTimeout / 6)),
});

/**
 * What no single key shows: a timeout that does not fit its function, and a name with two values.
 * @param key of the transform
 * @param limit the function's timeout in milliseconds, and the key that sets it
 * @returns one line for each mistake
 */
export const checkTransform = (
  { timeout, env, secrets }: ResolvedTransform,
  key: string,
  limit: { readonly key: string; readonly time: number },
): string[] => [
  // What a message needs besides takes up to three quarters of the function's time, and nothing begins that cannot end.
  ...(timeout > limit.time / 6
    ? [
        `${key}.timeout: must be at most ${Math.floor(limit.time / 6) / 1000} seconds, a sixth of ${limit.key}; shorten it, or raise ${limit.key}`,
      ]
    : []),
  ...Object.keys(secrets)
    .filter((name) => Object.hasOwn(env, name))
    .map((name) => `${key}.secrets.${name}: the same name as ${key}.env.${name}; rename one of them`),
];
