/** What the configuration's schema is made of: values of a kind, each with a message that says how to fix a wrong one. */
import ms from 'ms';
import * as v from 'valibot';

const ID = /^[a-z][a-z0-9-]{0,31}$/;
const quote = (value: unknown): string => JSON.stringify(value);

/** The key's path is put in front by `formatIssues`, so a message begins with what is wrong and ends with the fix. */
export const got = (fix: string) => (issue: v.BaseIssue<unknown>) => `${quote(issue.input)} ${fix}`;

export const id = (what: string) =>
  v.pipe(
    v.string(`expected the ${what}'s id, a string`),
    v.regex(ID, got(`is not an id; use lower-case letters, digits and dashes, a letter first, at most 32`)),
  );

export const text = (what: string) =>
  v.pipe(v.string(`expected ${what}, a string`), v.nonEmpty(`is empty; expected ${what}`));

/** A length of time as `ms` reads it ("5 minutes", "30s"); becomes milliseconds. */
export const duration = (min: ms.StringValue, max: ms.StringValue) =>
  v.pipe(
    v.string('expected a length of time such as "5 minutes"'),
    v.transform((value): { value: string; time: number | undefined } => ({
      value,
      time: ms(value as ms.StringValue),
    })),
    v.check(
      ({ time }) => typeof time === 'number' && Number.isFinite(time),
      ({ input }) => `${quote(input.value)} is not a length of time; use for example "5 minutes"`,
    ),
    v.check(
      ({ time }) => time !== undefined && time >= ms(min) && time <= ms(max),
      ({ input }) => `${quote(input.value)} is out of range; use ${min} to ${max}`,
    ),
    v.transform(({ time }) => time ?? 0),
  );

const RATE_FIX = 'use a number of requests and a time, such as "50/s", "3000/min" or "100/10s"';
const RATE = /^(\d+(?:\.\d+)?)\s*\/\s*(\d+)?\s*([a-z]+)$/;
const MAX_RATE = 100_000;

/** @returns a second; NaN for what is no rate */
const perSecond = (value: string): number => {
  const [, count, units = '1', unit] = RATE.exec(value.trim()) ?? [];
  const time = ms(`${units} ${unit ?? ''}` as ms.StringValue);
  return time === 0 ? NaN : (Number(count) * 1000) / time;
};

/** A number of requests in a length of time ("50/s", "100/10s"); becomes requests a second. */
export const rate = v.pipe(
  v.string((issue) => `${quote(issue.input)} is not a rate; ${RATE_FIX}`),
  v.check((value) => perSecond(value) > 0, got(`is not a rate; ${RATE_FIX}`)),
  v.check((value) => perSecond(value) <= MAX_RATE, got(`is out of range; use at most ${MAX_RATE}/s`)),
  v.transform(perSecond),
);

export const count = (min: number, max: number) =>
  v.pipe(
    v.number(`expected a whole number from ${min} to ${max}`),
    v.integer(got(`is not a whole number; use ${min} to ${max}`)),
    v.minValue(min, got(`is too small; use ${min} to ${max}`)),
    v.maxValue(max, got(`is too large; use ${min} to ${max}`)),
  );

/** A part of a whole. */
export const share = () =>
  v.pipe(
    v.number('expected a number from 0 to 1'),
    v.minValue(0, got('is too small; use 0 to 1')),
    v.maxValue(1, got('is too large; use 0 to 1, as in 0.05 for 5 in 100')),
  );

/** What Secrets Manager takes for a name. It becomes part of a policy, in which `*` and `?` stand for other secrets. */
const SECRET_NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

export const secret = v.strictObject({
  secretName: v.pipe(
    text('the name of a secret in Secrets Manager'),
    v.regex(
      SECRET_NAME,
      got('is not the name of a secret; use its name, not its ARN: letters, digits and /_+=.@-, at most 512'),
    ),
  ),
});

/** Where a person may well write the secret itself, which an error must not repeat. */
export const onlySecret = v.pipe(
  v.custom<v.InferInput<typeof secret>>(
    (value) => typeof value !== 'string',
    'is written out; store it in Secrets Manager, and write { secretName: "..." }',
  ),
  secret,
);

export const parseUrl = (value: string): URL | undefined =>
  URL.canParse(value) ? new URL(value) : undefined;

/** @param example of a good one; @param instead where a password belongs */
export const httpUrl = (example: string, instead: string) =>
  v.pipe(
    v.string('expected a URL, a string'),
    v.check(
      (value) => /^https?:$/.test(parseUrl(value)?.protocol ?? ''),
      got(`is not an http(s) URL; use for example ${quote(example)}`),
    ),
    v.check((value) => {
      const parsed = parseUrl(value);
      return parsed === undefined || (parsed.username === '' && parsed.password === '');
    }, `has a user name or password in it; ${instead}`),
  );

/**
 * A path, or an object with the path as `file`; becomes the object.
 * @param what for the message, such as `the path of a module, or { file: "./transform.ts", ... }`
 */
export const fileOr = <T extends v.GenericSchema<{ file: string }, unknown>>(
  file: v.GenericSchema<string, string>,
  options: T,
  what: string,
) =>
  v.lazy((input) => {
    if (typeof input === 'string')
      return v.pipe(
        file,
        v.transform((path) => ({ file: path })),
        options,
      );
    return typeof input === 'object' && input !== null ? options : v.never(`expected ${what}`);
  });
