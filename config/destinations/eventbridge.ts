/** The keys of an event bus of EventBridge. */
import * as v from 'valibot';
import { got } from '../values.ts';
import { anyDestination } from './any-destination.ts';
import { resource } from './resource.ts';

export const eventbridge = v.strictObject({
  ...anyDestination,
  type: v.literal('eventbridge'),
  /** The bus's name, in the pipeline's account and region, or its ARN. */
  bus: resource(
    'bus',
    /^[A-Za-z0-9._-]{1,256}$/,
    /^arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus\/[A-Za-z0-9._-]{1,256}$/,
    'arn:aws:events:<region>:<account>:event-bus/<name>',
  ),
  /** What rules match as `source`. Default: `sluice`. */
  source: v.optional(
    v.pipe(
      v.string('expected the source of the events, a string'),
      v.regex(
        /^(?!aws\.)[A-Za-z0-9._/-]{1,256}$/,
        got('is not a source; use letters, digits and ._/-, not aws. at its beginning'),
      ),
    ),
    'sluice',
  ),
});
