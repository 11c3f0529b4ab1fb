/** The keys that every kind of destination has. */
import * as v from 'valibot';
import { routing } from '../routing-schema.ts';
import { transform } from '../transform-schema.ts';
import { count, got, id } from '../values.ts';

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
  /** How many of its deliver functions run concurrently; Lambda's range. Default: 10. */
  maxConcurrency: v.optional(count(2, 1000), 10),
  /** `false`: takes no new events, and continues to deliver those it has. Default: true. */
  enabled: v.optional(v.boolean('expected true or false'), true),
};
