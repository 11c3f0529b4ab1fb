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
import { DynamoStateStore } from '../aws/state-store.ts';
import { InfraFault } from '../core/ports.ts';
import { deliverer, roomForRequest } from './deliver.ts';
import { httpClient } from './http-client.ts';
import { secretCache } from './secrets.ts';

const { destination, timing, codeVersion } = readBundle() as DeliverBundle;
const dynamo = dynamoClient();
const secrets = secretsClient();
const state = new DynamoStateStore(dynamo, requireEnv(ENV.stateTable), Date.now);
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

export const handler = stageHandler({
  stage: destination.id,
  state,
  timing,
  codeVersion,
  worstCase: roomForRequest(timing),
  process: deliverer({
    destination,
    timing,
    codeVersion,
    loadTransform,
    send: httpClient({
      timeout: timing.requestTimeout,
      networks: destination.allowPrivateNetwork ? 'any' : ownNetwork,
    }),
    secrets: secretCache(getSecret, Date.now, warn),
    rejections: new DynamoRejectionStore(dynamo, requireEnv(ENV.parkingTable)),
    state,
    clock: Date.now,
    warn,
    count: (metrics) => {
      emitMetrics({ Stage: destination.id }, metrics);
    },
  }),
});
