/** A destination's wiring: its queue -> its transform -> its webhook. */
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { DeliverBundle } from '../../config/bundle.ts';
import { ENV } from '../../config/environment.ts';
import { readBundle } from '../aws/bundle.ts';
import { dynamoClient, orFault, secretsClient } from '../aws/clients.ts';
import { requireEnv } from '../aws/environment.ts';
import { loadTransform } from '../aws/load-transform.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { DynamoRejectionStore } from '../aws/rejection-store.ts';
import { stageHandler } from '../aws/stage.ts';
import { stageWorld } from '../aws/stage-world.ts';
import { InfraFault } from '../core/ports.ts';
import { deliverer, roomForMessage } from './deliver.ts';
import { httpClient } from './http-client.ts';
import { secretCache } from './secrets.ts';

const { destination, timing, degradedMode, codeVersion } = readBundle() as DeliverBundle;
const dynamo = dynamoClient();
const secrets = secretsClient();
const world = stageWorld(dynamo);
const ownNetwork = process.env[ENV.allowNetwork] === 'loopback' ? 'loopback' : 'public';

const getSecret = async (name: string): Promise<string> => {
  const command = new GetSecretValueCommand({ SecretId: name });
  const { SecretString } = await orFault(`GetSecretValue of "${name}"`, secrets.send(command));
  if (SecretString !== undefined) return SecretString;
  throw new InfraFault(`the secret "${name}" holds no text; store it as SecretString`);
};

const warn = (message: string, error: unknown): void => {
  log('warn', message, { stage: destination.id, error: describeError(error) });
};

export const handler = stageHandler(
  {
    stage: destination.id,
    timing,
    degradedMode,
    codeVersion,
    worstCase: roomForMessage(timing),
    loadTransform: () => loadTransform(),
    process: deliverer({
      destination,
      timing,
      codeVersion,
      loadTransform: () => loadTransform(),
      send: httpClient({
        timeout: timing.requestTimeout,
        networks: destination.allowPrivateNetwork ? 'any' : ownNetwork,
      }),
      secrets: secretCache(getSecret, Date.now, warn),
      rejections: new DynamoRejectionStore(dynamo, requireEnv(ENV.parkingTable)),
      state: world.state,
      clock: Date.now,
      warn,
      count: (metrics) => {
        emitMetrics({ Stage: destination.id }, metrics);
      },
    }),
  },
  world,
);
