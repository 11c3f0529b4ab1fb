/** Delivery streams of the template: each writes to a bucket, by the hour. */
import { HOUR_EXPRESSION } from '../../contract/archive.ts';
import { lastPart, type Template } from '../template/physical.ts';
import type { StreamSpec } from './service.ts';

/** @throws Error for a stream that writes its objects otherwise than the archive does */
export const readDeliveryStreams = (template: Template): readonly StreamSpec[] =>
  template.all('deliveryStream').map(({ logicalId, properties }) => {
    const { BucketARN: bucket, Prefix: prefix } = (properties['ExtendedS3DestinationConfiguration'] ??
      {}) as Readonly<Record<string, unknown>>;
    if (typeof bucket !== 'string' || typeof prefix !== 'string' || !prefix.endsWith(HOUR_EXPRESSION))
      throw new Error(`the local run does not know how ${logicalId} writes its objects`);
    const name = lastPart(template.physical(logicalId)?.ref ?? logicalId);
    return { name, bucket: lastPart(bucket), prefix: prefix.slice(0, -HOUR_EXPRESSION.length) };
  });
