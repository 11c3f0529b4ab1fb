/** The records of seen events in the state table, against dynalite. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Call } from '../../lambdas/aws/direct-call.ts';
import { DynamoSeenIdsStore } from '../../lambdas/aws/seen-ids-store.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { Seen } from '../../lambdas/core/event/seen-ids.ts';
import { seenIdsStoreContract } from '../contracts/seen-ids-store.ts';
import { startTables, TABLES } from './tables.ts';

const HOUR = 3_600_000;
const NOW = 1_790_000_000_500;

let client: DynamoDBClient;
let stop: () => Promise<void>;
let calls: Awaited<ReturnType<typeof startTables>>['calls'];
let store: DynamoSeenIdsStore;
let direct: DynamoSeenIdsStore;

beforeAll(async () => {
  ({ client, calls, stop } = await startTables());
  const open = (call: Call) => new DynamoSeenIdsStore(call, TABLES.state, { window: HOUR }, () => NOW);
  [store, direct] = [open(calls.bySdk), open(calls.direct)];
});
afterAll(() => stop());

seenIdsStoreContract('DynamoSeenIdsStore', () => store);
seenIdsStoreContract('DynamoSeenIdsStore without the SDK', () => direct);

const seen: Seen = [{ by: 'by-one', at: 5, ids: ['0123456789abcdef'] }];
const Key = marshall({ pk: 'SEEN#u', sk: 'SEEN' });

describe('the item', () => {
  it('expires one day after the window, and is then removed by DynamoDB', async () => {
    await store.save('u', seen);
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: TABLES.state, Key }));
    expect(unmarshall(Item)).toEqual({
      pk: 'SEEN#u',
      sk: 'SEEN',
      seen: ['5.by-one.0123456789abcdef'],
      expires: 1_790_000_000 + 3_600 + 86_400,
    });
  });

  it('is still read after its expiry: DynamoDB may take days to remove it', async () => {
    const early = new DynamoSeenIdsStore(calls.bySdk, TABLES.state, { window: HOUR }, () => 0);
    await early.save('late', seen);
    expect(await store.read('late')).toEqual(seen);
  });

  it('is read strongly consistent: the previous message may have been routed a moment ago', async () => {
    const send = jest.spyOn(client, 'send');
    await store.read('u');
    expect(send.mock.calls.map(([{ input }]) => input)).toEqual([
      { TableName: TABLES.state, Key, ConsistentRead: true },
    ]);
    send.mockRestore();
  });

  it.each([[undefined], ['text'], [{ a: 1 }], [[7, 'unreadable']]])(
    'counts as empty when it cannot be read: %j',
    async (stored) => {
      const Item = marshall({ pk: 'SEEN#odd', sk: 'SEEN', seen: stored }, { removeUndefinedValues: true });
      await client.send(new PutItemCommand({ TableName: TABLES.state, Item }));
      expect(await store.read('odd')).toEqual([]);
    },
  );
});

it.each<[string, () => Call]>([
  ['with the SDK', () => calls.bySdk],
  ['without', () => calls.direct],
])('%s: is an InfraFault when the table does not answer', async (_, call) => {
  const gone = new DynamoSeenIdsStore(call(), 'no-such-table', { window: HOUR }, () => NOW);
  await expect(gone.read('u')).rejects.toThrow(InfraFault);
  await expect(gone.read('u')).rejects.toThrow(/^GetItem( of ".*")? failed: ResourceNotFound/);
  await expect(gone.save('u', seen)).rejects.toThrow(/^PutItem( of ".*")? failed: ResourceNotFound/);
});
