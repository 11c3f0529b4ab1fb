/** The sender of the queue that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import type { SqsSettings } from '../../../../contract/settings.ts';
import { directCall, SQS } from '../../../aws/direct-call.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { limitsOf, parseArn, queueUrlOf } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { sqsSender } from './sender.ts';

export const sqsDestination = ({ fifo }: SqsSettings, { timing, clock }: KindDeps): Sender => {
  const arn = parseArn(requireEnv(ENV.destinationArn));
  const queueUrl = queueUrlOf(arn, requireEnv(ENV.stageQueueUrl));
  const limits = limitsOf(timing.requestTimeout);
  const call = directCall({ ...SQS, region: arn.region }, queueUrl, clock, limits);
  return sqsSender({ call, queueUrl, fifo, room: roomForRequest(timing) });
};
