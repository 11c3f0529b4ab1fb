/** The keys of a delivery stream of Firehose. */
import * as v from 'valibot';
import { anyDestination } from './any-destination.ts';
import { resource } from './resource.ts';

export const firehose = v.strictObject({
  ...anyDestination,
  type: v.literal('firehose'),
  /** The delivery stream's name, in the pipeline's account and region, or its ARN. It must take records from callers: Direct PUT. */
  deliveryStream: resource(
    'delivery stream',
    /^[A-Za-z0-9_.-]{1,64}$/,
    /^arn:aws[\w-]*:firehose:[a-z0-9-]+:\d{12}:deliverystream\/[A-Za-z0-9_.-]{1,64}$/,
    'arn:aws:firehose:<region>:<account>:deliverystream/<name>',
  ),
});
