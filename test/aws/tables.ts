/**
 * Both tables, as the template defines them: in dynalite, started here. With `AWS_ENDPOINT_URL_DYNAMODB` set they are made, and deleted
 * again, at that address, an emulator or AWS itself, with the region and the credentials of the environment.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { HEAD_INDEX, TABLE } from '../../contract/tables.ts';
import { CREDENTIALS } from '../support/credentials.ts';
import { directCall, DYNAMODB, type Call } from '../../lambdas/aws/direct-call.ts';
import { dynamoCalls } from '../../lambdas/aws/sdk-calls.ts';
import { startDynamoDb } from '../../local/dynamodb/service.ts';

const foreign = process.env['AWS_ENDPOINT_URL_DYNAMODB'];

/** Each suite has its own: they run side by side. */
const suffix = foreign === undefined ? '' : `-${randomUUID()}`;
export const TABLES = { state: `state${suffix}`, parking: `parking${suffix}` } as const;

/** Seconds. */
const PATIENCE = 120;

const keySchema = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  { AttributeName: range, KeyType: 'RANGE' },
];
const attribute = (AttributeName: string, AttributeType: 'S' | 'N' = 'S') => ({
  AttributeName,
  AttributeType,
});

const base = {
  KeySchema: keySchema(TABLE.partitionKey, TABLE.sortKey),
  AttributeDefinitions: [attribute(TABLE.partitionKey), attribute(TABLE.sortKey)],
};
const withIndex = {
  ...base,
  AttributeDefinitions: [
    ...base.AttributeDefinitions,
    attribute(HEAD_INDEX.partitionKey),
    attribute(HEAD_INDEX.sortKey, 'N'),
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: HEAD_INDEX.name,
      KeySchema: keySchema(HEAD_INDEX.partitionKey, HEAD_INDEX.sortKey),
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...HEAD_INDEX.attributes] },
    },
  ],
};

interface Tables {
  readonly client: DynamoDBClient;
  /** Calls of the same by the SDK, and as the stages make them without it. */
  readonly calls: Readonly<Record<'bySdk' | 'direct', Call>>;
  readonly stop: () => Promise<void>;
}

const elsewhere = async (endpoint: string): Promise<Tables> => {
  const client = new DynamoDBClient({ endpoint });
  const create = async (TableName: string, properties: object): Promise<void> => {
    const input = { TableName, BillingMode: 'PAY_PER_REQUEST', ...properties } as CreateTableCommandInput;
    await client.send(new CreateTableCommand(input));
    await waitUntilTableExists({ client, maxWaitTime: PATIENCE }, { TableName });
  };
  await Promise.all([create(TABLES.state, base), create(TABLES.parking, withIndex)]);
  return {
    client,
    calls: { bySdk: dynamoCalls(client), direct: directCall(DYNAMODB, endpoint, Date.now) },
    stop: async () => {
      for (const TableName of Object.values(TABLES)) await client.send(new DeleteTableCommand({ TableName }));
      client.destroy();
    },
  };
};

export const startTables = async (): Promise<Tables> => {
  if (foreign !== undefined) return elsewhere(foreign);
  const dir = await mkdtemp(join(tmpdir(), 'sluice-'));
  const server = await startDynamoDb(dir, CREDENTIALS);
  await server.deploy([
    { name: TABLES.state, properties: base },
    { name: TABLES.parking, properties: withIndex },
  ]);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'local',
    credentials: CREDENTIALS,
  });
  process.env['AWS_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
  return {
    client,
    calls: { bySdk: dynamoCalls(client), direct: directCall(DYNAMODB, server.url, Date.now) },
    stop: async () => {
      client.destroy();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
