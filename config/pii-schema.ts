/** `pii`: what of an event a destination does not get as it is. */
import * as v from 'valibot';
import { got, secret } from './values.ts';

const MAX_PATHS = 100;

const path = v.pipe(
  v.string('expected the path of a field, such as "context.traits.email"'),
  v.maxLength(500, 'is too long; use at most 500 characters'),
  v.regex(
    /^[^.]+(\.[^.]+)*$/,
    got('is not the path of a field; use names with dots between them, such as "context.traits.email"'),
  ),
  v.notValue('messageId', 'is the id by which retries know the event; it stays as it is: remove it'),
);

const paths = v.pipe(
  v.array(path, 'expected a list of paths of fields'),
  v.maxLength(MAX_PATHS, `has more than ${MAX_PATHS} paths; name the fields that contain them`),
);

/** Whether the one is the other, or a field that contains it. */
const covers = (outer: string, inner: string): boolean => outer === inner || inner.startsWith(`${outer}.`);

/** Of two paths that mean the same field it would be in doubt what becomes of it. */
const overlapping = (all: readonly string[]): readonly [string, string] | undefined => {
  for (const [i, outer] of all.entries()) {
    const inner = all.find((other, j) => i !== j && covers(outer, other));
    if (inner !== undefined) return [outer, inner];
  }
  return undefined;
};

export const pii = v.pipe(
  v.strictObject({
    /** Fields that become the HMAC-SHA256 of their value, by `secret`. Of a list, each element. */
    hash: v.optional(paths, []),
    /** Fields that are left out. */
    drop: v.optional(paths, []),
    /** Names the secret that is the key of the hashes. */
    secret: v.optional(secret),
  }),
  v.check(
    ({ hash, drop }) => hash.length + drop.length > 0,
    'names no field; set hash or drop, or remove it',
  ),
  v.check(
    ({ hash, drop }) => overlapping([...hash, ...drop]) === undefined,
    ({ input: { hash, drop } }) => {
      const [outer, inner] = overlapping([...hash, ...drop]) ?? ['', ''];
      return outer === inner
        ? `names "${outer}" twice; remove one of them`
        : `names "${inner}", and "${outer}", which contains it; remove one of them`;
    },
  ),
  v.forward(
    v.check(
      ({ hash, secret: named }) => hash.length === 0 || named !== undefined,
      'is missing; name the secret that is the key of the hashes: { secretName: "..." }',
    ),
    ['secret'],
  ),
  v.forward(
    v.check(
      ({ hash, secret: named }) => hash.length > 0 || named === undefined,
      'is used by hash alone; remove it',
    ),
    ['secret'],
  ),
);
