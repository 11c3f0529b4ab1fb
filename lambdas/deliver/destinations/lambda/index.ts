/** The sender of the function that this function's environment names. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { ENV } from '../../../../contract/environment.ts';
import type { LambdaSettings } from '../../../../contract/settings.ts';
import { invokingClient } from '../../../aws/clients/invoking.ts';
import { requireEnv } from '../../../aws/environment.ts';
import { orFault } from '../../../aws/errors.ts';
import { roomForRequest } from '../../room.ts';
import { within } from '../../within.ts';
import { limitsOf, parseArn } from '../aws/place.ts';
import type { KindDeps } from '../kinds.ts';
import type { Sender } from '../sender.ts';
import { lambdaSender } from './sender.ts';

export const lambdaDestination = ({ id, batch }: LambdaSettings, { timing }: KindDeps): Sender => {
  const FunctionName = requireEnv(ENV.destinationArn);
  const client = invokingClient(parseArn(FunctionName).region, limitsOf(timing.requestTimeout));
  return lambdaSender({
    destination: id,
    batch,
    room: roomForRequest(timing),
    invoke: async (text) => {
      const command = new InvokeCommand({ FunctionName, Payload: Buffer.from(text) });
      const sent = within(timing.requestTimeout, (abortSignal) => client.send(command, { abortSignal }));
      const { FunctionError, Payload = new Uint8Array() } = await orFault(
        `Invoke of "${FunctionName}"`,
        sent,
      );
      return { failed: FunctionError !== undefined, payload: Buffer.from(Payload).toString() };
    },
  });
};
