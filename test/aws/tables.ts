/** Both tables, in dynalite, as the template defines them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HEAD_INDEX, TABLE } from '../../contract/tables.ts';
import { CREDENTIALS } from '../support/credentials.ts';
import { directCall, DYNAMODB, type Call } from '../../lambdas/aws/direct-call.ts';
import { dynamoCalls } from '../../lambdas/aws/sdk-calls.ts';
import { startDynamoDb } from '../../local/dynamodb/service.ts';

export const TABLES = { state: 'state', parking: 'parking' } as const;

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

export const startTables = async (): Promise<Tables> => {
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
