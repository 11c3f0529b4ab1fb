/** The keys of an SNS topic. */
import * as v from 'valibot';
import { anyDestination } from './any-destination.ts';
import { checkFifo, encryptionKey, resource } from './resource.ts';

export const sns = v.strictObject({
  ...anyDestination,
  type: v.literal('sns'),
  /** The topic's name, in the pipeline's account and region, or its ARN. */
  topic: resource(
    'topic',
    /^[A-Za-z0-9_-]{1,251}(\.fifo|[A-Za-z0-9_-]{0,5})$/,
    /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,251}(\.fifo|[A-Za-z0-9_-]{0,5})$/,
    'arn:aws:sns:<region>:<account>:<name>',
  ),
  /** Whether it is a FIFO topic, where its name is not known at synthesis. Default: a name that ends in `.fifo` is one. */
  fifo: v.optional(v.boolean('expected true or false')),
  /** The ARN of the key of yours by which the topic is encrypted. Default: none. */
  encryptionKey: v.optional(encryptionKey),
});

/** What needs more than one key. @returns lines without the destination's path */
export const checkSns = ({ topic, fifo }: Pick<v.InferOutput<typeof sns>, 'topic' | 'fifo'>): string[] =>
  checkFifo('topic', topic, fifo);
