import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoRetentionStore } from '../../lambdas/aws/retention-store.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { NOTHING_SEEN } from '../../lambdas/core/event/retention.ts';
import { retentionStoreContract, SWEEP } from '../contracts/retention-store.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoRetentionStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoRetentionStore(client, TABLES.state);
});
afterAll(() => stop());

retentionStoreContract('DynamoRetentionStore', () => store);

const put = (item: object) =>
  client.send(new PutItemCommand({ TableName: TABLES.state, Item: marshall({ pk: 'PIPELINE', ...item }) }));

it('takes what another version wrote in another form for nothing: records are warned of once more', async () => {
  await put({ sk: 'SEEN#odd', marks: 'all', markedAt: 3 });
  expect(await store.readSeen('odd')).toEqual(NOTHING_SEEN);
  const odd = { ...SWEEP, warnedSince: 'long ago' };
  await put({ sk: 'RETENTION', sweeps: { crm: SWEEP, odd } });
  expect(await store.readSweeps()).toEqual(new Map([['crm', SWEEP]]));
  await put({ sk: 'RETENTION', sweeps: 'none' });
  expect(await store.readSweeps()).toEqual(new Map());
});

it('fails with the operation when DynamoDB fails', async () => {
  const gone = new DynamoRetentionStore(client, 'no-such-table');
  await expect(gone.readSweeps()).rejects.toThrow(/^GetItem failed: ResourceNotFound/);
  await expect(gone.saveSweeps(new Map())).rejects.toThrow(InfraFault);
  await expect(gone.readSeen('crm')).rejects.toThrow(InfraFault);
  await expect(gone.saveSeen('crm', NOTHING_SEEN)).rejects.toThrow(/^PutItem failed/);
});
