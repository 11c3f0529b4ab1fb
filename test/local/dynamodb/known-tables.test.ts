/** A table's description is read once, and never an old one. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { startDynamoDb, type DynamoDb } from '../../../local/dynamodb/service.ts';
import { CREDENTIALS } from '../../support/credentials.ts';

interface Store {
  readonly tableDb: { get: (key: string, done: unknown) => void };
}
const internals = createRequire(import.meta.url)('dynalite/db') as {
  create: (options: object) => Store;
};

const table = (key: string) => ({
  name: 'state',
  properties: {
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
  },
});
const TableName = 'state';
const item = (key: string, value: string) => ({ [key]: { S: value } });

let dir: string;
let dynamo: DynamoDb;
let client: DynamoDBClient;
let reads: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'known-tables-'));
  reads = [];
  const { create } = internals;
  internals.create = (options) => {
    const store = create(options);
    const { get } = store.tableDb;
    store.tableDb.get = (key, done) => {
      reads.push(key);
      get(key, done);
    };
    return store;
  };
  try {
    dynamo = await startDynamoDb(dir, CREDENTIALS);
  } finally {
    internals.create = create;
  }
  client = new DynamoDBClient({ endpoint: dynamo.url, region: 'local', credentials: CREDENTIALS });
  await dynamo.deploy([table('id')]);
});
afterEach(async () => {
  client.destroy();
  await dynamo.close();
  await rm(dir, { recursive: true });
});

it('is read once for all items', async () => {
  reads.length = 0;
  for (const id of ['a', 'b', 'c'])
    await client.send(new PutItemCommand({ TableName, Item: item('id', id) }));
  const Keys = ['a', 'b', 'c', 'd'].map((id) => item('id', id));
  const { Responses } = await client.send(
    new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }),
  );
  expect(Responses?.[TableName]).toHaveLength(3);
  expect(reads).toEqual([TableName]);
});

it('is read again when the table has been deleted and created: no item is looked for by the old keys', async () => {
  await client.send(new PutItemCommand({ TableName, Item: item('id', 'a') }));
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, minDelay: 1, maxDelay: 1, maxWaitTime: 60 }, { TableName });
  await expect(client.send(new GetItemCommand({ TableName, Key: item('id', 'a') }))).rejects.toThrow(
    ResourceNotFoundException,
  );
  const { KeySchema, AttributeDefinitions } = table('name').properties;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: KeySchema as never,
      AttributeDefinitions: AttributeDefinitions as never,
    }),
  );
  await dynamo.deploy([]);
  await client.send(new PutItemCommand({ TableName, Item: item('name', 'a') }));
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: item('name', 'a') }));
  expect(Item).toEqual(item('name', 'a'));
});
