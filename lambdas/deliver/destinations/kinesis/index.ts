/** The sender of the stream that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import { directCall, KINESIS } from '../../../aws/direct-call.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { endpointOf, limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { kinesisSender } from './sender.ts';

export const kinesisDestination = ({ timing, clock }: KindDeps): Sender => {
  const streamArn = requireEnv(ENV.destinationArn);
  const arn = parseArn(streamArn);
  const endpoint = endpointOf(arn, requireEnv(ENV.stageQueueUrl), process.env);
  const limits = limitsOf(timing.requestTimeout);
  const call = directCall({ ...KINESIS, region: arn.region }, endpoint, clock, limits);
  return kinesisSender({ call, streamArn, room: roomForRequest(timing) });
};
