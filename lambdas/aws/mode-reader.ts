import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ENV } from '../../contract/environment.ts';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { parseMode } from '../core/mode/codec.ts';
import type { Mode } from '../core/mode/record.ts';
import { requireEnv } from './environment.ts';
import { modeKey } from './state-store.ts';

let client: DynamoDBClient | undefined;

/**
 * The system's mode, for `/health`: eventually consistent, one attempt, given up when `signal` says so.
 * @throws whatever the SDK throws
 */
export const readSystemMode = async (signal: AbortSignal): Promise<Mode> => {
  client ??= new DynamoDBClient({ maxAttempts: 1 });
  const command = new GetItemCommand({
    TableName: requireEnv(ENV.stateTable),
    Key: marshall(modeKey(ROUTER_STAGE)),
  });
  const { Item } = await client.send(command, { abortSignal: signal });
  return parseMode(Item === undefined ? undefined : unmarshall(Item));
};
