/** The keys of a Kinesis data stream. */
import * as v from 'valibot';
import { anyDestination } from './any-destination.ts';
import { encryptionKey, resource } from './resource.ts';

export const kinesis = v.strictObject({
  ...anyDestination,
  type: v.literal('kinesis'),
  /** The stream's name, in the pipeline's account and region, or its ARN. */
  stream: resource(
    'stream',
    /^[A-Za-z0-9_.-]{1,128}$/,
    /^arn:aws[\w-]*:kinesis:[a-z0-9-]+:\d{12}:stream\/[A-Za-z0-9_.-]{1,128}$/,
    'arn:aws:kinesis:<region>:<account>:stream/<name>',
  ),
  /** The ARN of the key of yours by which the stream is encrypted. Default: none. */
  encryptionKey: v.optional(encryptionKey),
});
