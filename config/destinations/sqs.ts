/** The keys of an SQS queue. */
import * as v from 'valibot';
import { anyDestination } from './any-destination.ts';
import { checkFifo, encryptionKey, resource } from './resource.ts';

export const sqs = v.strictObject({
  ...anyDestination,
  type: v.literal('sqs'),
  /** The queue's name, in the pipeline's account and region, or its ARN. */
  queue: resource(
    'queue',
    /^[A-Za-z0-9_-]{1,75}(\.fifo|[A-Za-z0-9_-]{0,5})$/,
    /^arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,75}(\.fifo|[A-Za-z0-9_-]{0,5})$/,
    'arn:aws:sqs:<region>:<account>:<name>',
  ),
  /** Whether it is a FIFO queue, where its name is not known at synthesis. Default: a name that ends in `.fifo` is one. */
  fifo: v.optional(v.boolean('expected true or false')),
  /** The ARN of the key of yours by which the queue is encrypted. Default: none. */
  encryptionKey: v.optional(encryptionKey),
});

/** What needs more than one key. @returns lines without the destination's path */
export const checkSqs = ({ queue, fifo }: Pick<v.InferOutput<typeof sqs>, 'queue' | 'fifo'>): string[] =>
  checkFifo('queue', queue, fifo);
