/** The sender of the bus that the function's environment names. */
import { ENV } from '../../../../contract/environment.ts';
import type { EventBridgeSettings } from '../../../../contract/settings.ts';
import { directCall, EVENTBRIDGE } from '../../../aws/direct-call.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { endpointOf, limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { eventBridgeSender } from './sender.ts';

export const eventBridgeDestination = (
  { source }: EventBridgeSettings,
  { timing, clock }: KindDeps,
): Sender => {
  const busArn = requireEnv(ENV.destinationArn);
  const arn = parseArn(busArn);
  const endpoint = endpointOf(arn, requireEnv(ENV.stageQueueUrl), process.env, 'EVENTBRIDGE');
  const limits = limitsOf(timing.requestTimeout);
  const call = directCall({ ...EVENTBRIDGE, region: arn.region }, endpoint, clock, limits);
  return eventBridgeSender({ call, busArn, source, room: roomForRequest(timing) });
};
