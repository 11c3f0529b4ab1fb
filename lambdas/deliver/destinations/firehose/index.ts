/** The sender of the delivery stream that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import { directCall, FIREHOSE } from '../../../aws/direct-call.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { endpointOf, limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { firehoseSender } from './sender.ts';

export const firehoseDestination = ({ timing, clock }: KindDeps): Sender => {
  const streamArn = requireEnv(ENV.destinationArn);
  const arn = parseArn(streamArn);
  const endpoint = endpointOf(arn, requireEnv(ENV.stageQueueUrl), process.env);
  const limits = limitsOf(timing.requestTimeout);
  const call = directCall({ ...FIREHOSE, region: arn.region }, endpoint, clock, limits);
  return firehoseSender({ call, streamArn, room: roomForRequest(timing) });
};
