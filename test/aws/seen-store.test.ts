/** The records of seen events in the state table, against dynalite. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { DynamoSeenStore } from '../../lambdas/aws/seen-store.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { Seen } from '../../lambdas/core/event/seen-ids.ts';
import { seenStoreContract } from '../contracts/seen-store.ts';
import { startTables, TABLES } from './tables.ts';

const HOUR = 3_600_000;
const NOW = 1_790_000_000_500;

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoSeenStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoSeenStore(client, TABLES.state, { window: HOUR }, () => NOW);
});
afterAll(() => stop());

seenStoreContract('DynamoSeenStore', () => store);

const seen: Seen = [{ by: 'by-one', at: 5, ids: ['0123456789abcdef'] }];
const Key = marshall({ pk: 'SEEN#u', sk: 'SEEN' });

describe('the item', () => {
  it('outlives the window by a day, and is then removed by DynamoDB', async () => {
    await store.save('u', seen);
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: TABLES.state, Key }));
    expect(unmarshall(Item)).toEqual({
      pk: 'SEEN#u',
      sk: 'SEEN',
      seen: ['5.by-one.0123456789abcdef'],
      expires: 1_790_000_000 + 3_600 + 86_400,
    });
  });

  it('is read as it is although its time is over: DynamoDB may take days to remove it', async () => {
    const early = new DynamoSeenStore(client, TABLES.state, { window: HOUR }, () => 0);
    await early.save('late', seen);
    expect(await store.read('late')).toEqual(seen);
  });

  it('is read strongly consistent: the message before may have been routed a moment ago', async () => {
    const send = jest.spyOn(client, 'send');
    await store.read('u');
    expect(send.mock.calls.map(([{ input }]) => input)).toEqual([
      { TableName: TABLES.state, Key, ConsistentRead: true },
    ]);
    send.mockRestore();
  });

  it.each([[undefined], ['text'], [{ a: 1 }], [[7, 'unreadable']]])(
    'says nothing of any event when it cannot be read: %j',
    async (stored) => {
      const Item = marshall({ pk: 'SEEN#odd', sk: 'SEEN', seen: stored }, { removeUndefinedValues: true });
      await client.send(new PutItemCommand({ TableName: TABLES.state, Item }));
      expect(await store.read('odd')).toEqual([]);
    },
  );
});

it('a table that does not answer is a fault of the infrastructure', async () => {
  const gone = new DynamoSeenStore(client, 'no-such-table', { window: HOUR }, () => NOW);
  await expect(gone.read('u')).rejects.toThrow(InfraFault);
  await expect(gone.read('u')).rejects.toThrow(/^GetItem failed: ResourceNotFound/);
  await expect(gone.save('u', seen)).rejects.toThrow(/^PutItem failed: ResourceNotFound/);
});
