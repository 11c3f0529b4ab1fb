/** The sender of the bucket that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import type { S3Settings } from '../../../../contract/settings.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { putObject } from '../../../aws/put-object.ts';
import { roomForRequest } from '../../room.ts';
import { endpointOf, limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { s3Sender } from './sender.ts';

export const s3Destination = ({ prefix, batch }: S3Settings, { timing, clock }: KindDeps): Sender => {
  const { service, resource: bucket } = parseArn(requireEnv(ENV.destinationArn));
  // A bucket's ARN has no region: it is in the function's.
  const region = requireEnv('AWS_REGION');
  const endpoint = endpointOf({ service, region }, requireEnv(ENV.stageQueueUrl), process.env);
  const put = putObject({ bucket, region, endpoint }, clock, limitsOf(timing.requestTimeout));
  return s3Sender({ put, bucket, prefix, batch, room: roomForRequest(timing) });
};
