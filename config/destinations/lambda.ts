/** The keys of a Lambda function that takes events. */
import * as v from 'valibot';
import { count } from '../values.ts';
import { anyDestination } from './any-destination.ts';
import { resource } from './resource.ts';

export const lambda = v.strictObject({
  ...anyDestination,
  type: v.literal('lambda'),
  /** The function's name, in the pipeline's account and region, or its ARN, which may end in an alias or a version. */
  function: resource(
    'function',
    /^[A-Za-z0-9_-]{1,64}$/,
    /^arn:aws[\w-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_-]{1,128})?$/,
    'arn:aws:lambda:<region>:<account>:function:<name>',
  ),
  /** Up to this many events of one user in one invocation. Default: 1. */
  batch: v.optional(count(1, 1000), 1),
});
