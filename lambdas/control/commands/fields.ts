/** Fields that the requests of several commands have, and the message for one that is wrong. */
import * as v from 'valibot';

/** Entries of a page, when the operator names no number ... */
export const DEFAULT_LIMIT = 50;

/** ... and at most: each costs reads, and the answer has to fit Lambda's 6 MB. */
export const MAX_LIMIT = 200;

export const text = (what: string) =>
  v.pipe(
    v.string(`expected ${what}`),
    v.check((value) => value.trim() !== '', `is empty; give ${what}`),
  );

export const stage = text('the id of a stage');
export const key = text('an order key, as "parked" lists it');
export const reason = v.pipe(
  text('a reason, in a few words'),
  v.maxLength(1_000, 'at most 1,000 characters'),
);
export const limit = v.pipe(
  v.number('expected a number'),
  v.integer('expected a whole number'),
  v.minValue(1, 'at least 1'),
  v.maxValue(MAX_LIMIT, `at most ${MAX_LIMIT}; ask for the rest with the cursor of the answer`),
);
export const content = v.boolean('expected true or false');

/** Of a request that is answered in pages. */
export const page = {
  limit: v.exactOptional(limit),
  cursor: v.exactOptional(text('the cursor of an answer')),
};
