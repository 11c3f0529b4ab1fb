/** What `kill -9` can leave behind in dynalite's files, made by hand: each write of an item is several there. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { repairDynamoDb } from '../../../local/dynamodb/repair.ts';
import { CREDENTIALS } from '../../support/credentials.ts';
import { startDynamoDb, type DynamoDb } from '../../../local/dynamodb/service.ts';

type Done = (error: Error | null, value?: unknown) => void;
interface Sub {
  get(key: string, done: Done): void;
  put(key: string, value: unknown, done: Done): void;
  del(key: string, done: Done): void;
}
const internals = createRequire(import.meta.url)('dynalite/db') as {
  create(options: { path: string }): {
    db: { close(done: Done): void };
    tableDb: Sub;
    getIndexDb(kind: string, table: string, index: string): Sub;
  };
  createIndexKey(row: unknown, table: unknown, keySchema: unknown): string;
};
const call = <T>(work: (done: Done) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    work((error, value) => (error === null ? resolve(value as T) : reject(error)));
  });

const KEYS = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  { AttributeName: range, KeyType: 'RANGE' },
];
const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
const INDEX = 'heads';
const table = {
  name: 'parking',
  properties: {
    KeySchema: KEYS('pk', 'sk'),
    AttributeDefinitions: [
      attribute('pk', 'S'),
      attribute('sk', 'S'),
      attribute('slot', 'S'),
      attribute('due', 'N'),
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: INDEX,
        KeySchema: KEYS('slot', 'due'),
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['failures'] },
      },
    ],
  },
};
const head = (pk: string, due: number, failures = 0) => ({
  pk,
  sk: 'HEAD',
  slot: 's',
  due,
  failures,
  token: 'not in the index',
});

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-repair-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** What is done with the database while it is up. */
const up = async <T>(work: (client: DynamoDBClient, dynamo: DynamoDb) => Promise<T>): Promise<T> => {
  const dynamo = await startDynamoDb(dir, CREDENTIALS);
  const client = new DynamoDBClient({
    endpoint: dynamo.url,
    region: 'local',
    credentials: CREDENTIALS,
  });
  try {
    await dynamo.deploy([table]);
    return await work(client, dynamo);
  } finally {
    client.destroy();
    await dynamo.close();
  }
};

/** What is done with its files while it is not. */
const inFiles = async (
  work: (store: ReturnType<typeof internals.create>, indexKey: (row: object) => string) => Promise<void>,
): Promise<void> => {
  const store = internals.create({ path: join(dir, 'dynamodb') });
  const stored = await call<typeof table.properties>((done) => store.tableDb.get(table.name, done));
  await work(store, (row) => internals.createIndexKey(row, stored, KEYS('slot', 'due')));
  await call((done) => store.db.close(done));
};

const put = (client: DynamoDBClient, item: object) =>
  client.send(new PutItemCommand({ TableName: table.name, Item: marshall(item) }));
const inIndex = async (client: DynamoDBClient): Promise<unknown[]> => {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table.name,
      IndexName: INDEX,
      KeyConditionExpression: 'slot = :s',
      ExpressionAttributeValues: marshall({ ':s': 's' }),
    }),
  );
  return Items.map((item) => unmarshall(item));
};
const projected = (pk: string, due: number, failures = 0) => ({ pk, sk: 'HEAD', slot: 's', due, failures });

it('takes out rows of items that were never written, or are gone', async () => {
  await up((client) => put(client, head('a', 10)));
  await inFiles(async (store, indexKey) => {
    const row = marshall(projected('ghost', 5));
    await call((done) => store.getIndexDb('Global', table.name, INDEX).put(indexKey(row), row, done));
  });
  expect(await up(inIndex)).toEqual([projected('a', 10)]);
});

it('puts back the row of an item that has lost it, and takes out the one that it would have had', async () => {
  await up(async (client) => {
    await put(client, head('a', 10));
    await put(client, head('b', 20));
    // Most items of the table are in no index.
    await put(client, { pk: 'a', sk: 'E#1', body: 'x' });
  });
  // It was killed while `a` was to be due at 99: the old row is gone, the new one there, the item as it was.
  await inFiles(async (store, indexKey) => {
    const index = store.getIndexDb('Global', table.name, INDEX);
    await call((done) => index.del(indexKey(marshall(projected('a', 10))), done));
    const row = marshall(projected('a', 99, 1));
    await call((done) => index.put(indexKey(row), row, done));
  });
  await up(async (client) => {
    expect(await inIndex(client)).toEqual([projected('a', 10), projected('b', 20)]);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table.name }));
    expect(Items.map((item) => unmarshall(item))).toEqual(
      expect.arrayContaining([head('a', 10), head('b', 20), { pk: 'a', sk: 'E#1', body: 'x' }]),
    );
  });
});

it('corrects an index row that differs from its item', async () => {
  await up((client) => put(client, head('a', 10, 1)));
  await inFiles(async (store, indexKey) => {
    const row = marshall(projected('a', 10, 7));
    await call((done) => store.getIndexDb('Global', table.name, INDEX).put(indexKey(row), row, done));
  });
  expect(await up(inIndex)).toEqual([projected('a', 10, 1)]);
});

it('makes a table ready that was killed while it was made', async () => {
  await up(() => Promise.resolve());
  await inFiles(async (store) => {
    const stored = await call<object>((done) => store.tableDb.get(table.name, done));
    const unready = { ...stored, TableStatus: 'CREATING' };
    await call((done) => store.tableDb.put(table.name, unready, done));
  });
  await up(async (client) => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table.name }));
    expect(Table?.TableStatus).toBe('ACTIVE');
    await put(client, head('a', 10));
    expect(await inIndex(client)).toEqual([projected('a', 10)]);
  });
});

it('changes nothing where all is well, or nothing is', async () => {
  expect(await repairDynamoDb(join(dir, 'dynamodb'))).toBe(0);
  await up(async (client) => {
    for (let i = 0; i < 20; i++) await put(client, head(`key ${i}`, i % 3));
  });
  expect(await repairDynamoDb(join(dir, 'dynamodb'))).toBe(0);
  expect(await up(inIndex)).toHaveLength(20);
});
