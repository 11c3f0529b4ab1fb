import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * Keys of a destination that is a resource of your app: `{ id: 'orders', ...Destination.queue(queue) }`. The pipeline's function gets the
 * permission to send to it, and to use its key.
 */
export const Destination = {
  /** Events as messages of a queue; one user's events as a group of a FIFO queue. */
  queue: (queue: IQueue) => ({
    type: 'sqs' as const,
    queue: queue.queueArn,
    fifo: queue.fifo,
    ...(queue.encryptionMasterKey && { encryptionKey: queue.encryptionMasterKey.keyArn }),
  }),

  /** Events as messages of a topic; one user's events as a group of a FIFO topic. */
  topic: (topic: ITopic) => ({
    type: 'sns' as const,
    topic: topic.topicArn,
    fifo: topic.fifo,
    ...(topic.masterKey && { encryptionKey: topic.masterKey.keyArn }),
  }),

  /** Events as records of a stream; one user's events under one partition key. */
  stream: (stream: IStream) => ({
    type: 'kinesis' as const,
    stream: stream.streamArn,
    ...(stream.encryptionKey && { encryptionKey: stream.encryptionKey.keyArn }),
  }),

  /** Events on a bus of EventBridge, which keeps no order. */
  bus: (bus: Pick<IEventBus, 'eventBusArn'>) => ({ type: 'eventbridge' as const, bus: bus.eventBusArn }),

  /** Events as records of a delivery stream, which must take records from callers. It keeps no order. */
  deliveryStream: (stream: Pick<IDeliveryStream, 'deliveryStreamArn'>) => ({
    type: 'firehose' as const,
    deliveryStream: stream.deliveryStreamArn,
  }),

  /** Events as objects of a bucket, each with events of one user. */
  bucket: (bucket: Pick<IBucket, 'bucketArn' | 'encryptionKey'>) => ({
    type: 's3' as const,
    bucket: bucket.bucketArn,
    ...(bucket.encryptionKey && { encryptionKey: bucket.encryptionKey.keyArn }),
  }),

  /** Events as invocations of a function, or of one of its aliases, which says what became of each. */
  function: (fn: IFunction) => ({ type: 'lambda' as const, function: fn.functionArn }),
};
