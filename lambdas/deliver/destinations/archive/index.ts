/** The archive's sender, to the stream that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import { directCall, FIREHOSE } from '../../../aws/direct-call.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { endpointOf, limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { archiveSender } from './sender.ts';

export const archiveDestination = ({ timing, clock }: KindDeps): Sender => {
  const arn = parseArn(requireEnv(ENV.destinationArn));
  const endpoint = endpointOf(arn, requireEnv(ENV.stageQueueUrl), process.env);
  const call = directCall(
    { ...FIREHOSE, region: arn.region },
    endpoint,
    clock,
    limitsOf(timing.requestTimeout),
  );
  const streamName = arn.resource.replace(/^deliverystream\//, '');
  return archiveSender({ call, streamName, clock, room: roomForRequest(timing) });
};
