/** The keys that every kind of destination has. */
import * as v from 'valibot';
import { pii } from '../pii-schema.ts';
import { routing } from '../routing-schema.ts';
import { transform } from '../transform-schema.ts';
import { count, got, id, rate } from '../values.ts';

const NESTED_STACK = /^[a-z][a-z0-9]{0,15}$/;

export const anyDestination = {
  /** Names the destination's stage: its queue, its function, its mode. */
  id: v.pipe(
    id('destination'),
    v.notValues(['router', 'ingest'], got('is the name of a part of the pipeline itself; use another id')),
  ),
  /** Ids of the sources it takes. Default: all. */
  sources: v.optional(v.pipe(v.array(v.string()), v.nonEmpty('is empty; leave it out to take all sources'))),
  ...routing,
  /** A module whose default export is `transform(event, context)`, for this destination alone; or its path and limits. */
  transform: v.optional(transform),
  /** What of an event leaves as a hash, or not at all. It is applied after the transforms. Default: nothing. */
  pii: v.optional(pii),
  /** How many of its deliver functions run concurrently; Lambda's range. Default: 10. */
  maxConcurrency: v.optional(count(2, 1000), 10),
  /**
   * Requests that the destination takes in a time, such as `'50/s'` or `'100/10s'`; shared in advance by its functions and by those that
   * drain its parked users. Default: no limit.
   */
  rate: v.optional(rate),
  /**
   * The nested stack that the destination is in, by a name of yours. A stack has room for 30 destinations. It is for good: a destination
   * cannot change its stack. Default: the pipeline's own stack.
   */
  nestedStack: v.optional(
    v.pipe(
      v.string('expected the name of a nested stack, such as "b"'),
      v.regex(
        NESTED_STACK,
        got(
          'is not the name of a nested stack; use lower-case letters and digits, a letter first, at most 16',
        ),
      ),
    ),
  ),
  /** `false`: takes no new events, and continues to deliver those it has. Default: true. */
  enabled: v.optional(v.boolean('expected true or false'), true),
};
