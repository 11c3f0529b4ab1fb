/** The sender of the topic that the function's environment names. */
import { PublishBatchCommand } from '@aws-sdk/client-sns';
import { ENV } from '../../../../contract/environment.ts';
import type { SnsSettings } from '../../../../contract/settings.ts';
import { publishingClient } from '../../../aws/clients/publishing.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { roomForRequest } from '../../room.ts';
import { limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { snsSender } from './sender.ts';

export const snsDestination = ({ fifo }: SnsSettings, { timing }: KindDeps): Sender => {
  const topicArn = requireEnv(ENV.destinationArn);
  const client = publishingClient(parseArn(topicArn).region, limitsOf(timing.requestTimeout));
  return snsSender({
    topicArn,
    fifo,
    room: roomForRequest(timing),
    publish: (input) =>
      client.send(new PublishBatchCommand(input), {
        abortSignal: AbortSignal.timeout(timing.requestTimeout),
      }),
  });
};
