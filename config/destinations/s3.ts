/** The keys of a bucket of S3. */
import * as v from 'valibot';
import { count, got } from '../values.ts';
import { anyDestination } from './any-destination.ts';
import { encryptionKey, resource } from './resource.ts';

export const s3 = v.strictObject({
  ...anyDestination,
  type: v.literal('s3'),
  /** The bucket's name, or its ARN. It is in the pipeline's region. */
  bucket: resource(
    'bucket',
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    /^arn:aws[\w-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'arn:aws:s3:::<name>',
  ),
  /** What the keys of all objects begin with. Default: nothing. */
  prefix: v.optional(
    v.pipe(
      v.string('expected the beginning of the keys, a string'),
      v.regex(
        /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9/_.=-]{0,256}$/,
        got(
          'is not a prefix; use letters, digits and /_.=-, not / at its beginning and no part . or .., such as "events/"',
        ),
      ),
    ),
    '',
  ),
  /** Up to this many events of one user in one object. Default: 1000. */
  batch: v.optional(count(1, 1000), 1000),
  /** The ARN of the key of yours by which the bucket is encrypted. Default: none. */
  encryptionKey: v.optional(encryptionKey),
});
