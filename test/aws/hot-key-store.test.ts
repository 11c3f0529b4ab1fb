/** The reports of hot keys in the state table, against dynalite. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { DynamoHotKeyStore } from '../../lambdas/aws/hot-key-store.ts';
import type { HotKeyReport } from '../../lambdas/core/stage/hot-keys.ts';
import { startTables, TABLES } from './tables.ts';

const NOW = 1_790_000_000_500;
const report = (by: string, key: string, at = NOW): HotKeyReport => ({
  by,
  key,
  backlog: 500,
  age: 60_000,
  at,
});

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoHotKeyStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoHotKeyStore(client, TABLES.state, () => NOW);
});
afterAll(() => stop());

test('reports of several environments are kept, those of one are replaced, each stage has its own', async () => {
  await store.saveHotKeys('crm', [report('a', 'k1'), report('a', 'k2')]);
  await store.saveHotKeys('crm', [report('b', 'k1')]);
  await store.saveHotKeys('crm', [report('a', 'k3')]);
  await store.saveHotKeys('lake', [report('a', 'k4')]);
  expect(await store.readHotKeys(['lake', 'router', 'crm'])).toEqual(
    new Map([
      ['lake', [report('a', 'k4')]],
      ['router', []],
      ['crm', [report('a', 'k3'), report('b', 'k1')]],
    ]),
  );
});

test('the item expires a day after its last report', async () => {
  await store.saveHotKeys('expiring', [report('a', 'k')]);
  const Key = marshall({ pk: 'MODE#expiring', sk: 'HOT' });
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLES.state, Key }));
  expect(unmarshall(Item ?? {})).toMatchObject({ expires: 1_790_000_000 + 24 * 3600 });
});

test('what is stored in another form counts as no report, and is replaced', async () => {
  const Item = marshall({ pk: 'MODE#odd', sk: 'HOT', reports: [{ key: 5 }] });
  await client.send(new PutItemCommand({ TableName: TABLES.state, Item }));
  expect(await store.readHotKeys(['odd'])).toEqual(new Map([['odd', []]]));
  await store.saveHotKeys('odd', [report('a', 'k')]);
  expect(await store.readHotKeys(['odd'])).toEqual(new Map([['odd', [report('a', 'k')]]]));
});
