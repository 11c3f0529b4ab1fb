/** Both tables, in dynalite, as the template defines them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HEAD_INDEX, TABLE } from '../../contract/tables.ts';
import { CREDENTIALS } from '../support/credentials.ts';
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

export const startTables = async (): Promise<{ client: DynamoDBClient; stop: () => Promise<void> }> => {
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
  return {
    client,
    stop: async () => {
      client.destroy();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
