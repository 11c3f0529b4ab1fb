import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoErasureStore } from '../../lambdas/aws/erasure-store.ts';
import { DynamoReplayStore } from '../../lambdas/aws/replay-store.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoErasureStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoErasureStore(client, TABLES.state);
});
afterAll(() => stop());

it('lists what was added, from a time on; as often as it was', async () => {
  expect(await store.since(0)).toEqual([]);
  const entries = [9, 10, 1_000].map((at) => ({ names: [`userId#k${at}`, 'anonymousId#d'], at }));
  for (const entry of entries) await store.add(entry, 5_000);
  // Two of the same millisecond.
  await store.add({ names: ['userId#other'], at: 10 });
  const ats = async (from: number) => (await store.since(from)).map(({ at }) => at);
  expect(await ats(0)).toEqual([9, 10, 10, 1_000]);
  expect(await ats(10)).toEqual([10, 10, 1_000]);
  expect((await store.since(1_000))[0]).toEqual(entries[2]);
  expect(await ats(1_001)).toEqual([]);
});

it('reads a list that is longer than a page of DynamoDB', async () => {
  const name = 'x'.repeat(300_000);
  for (let i = 0; i < 5; i += 1) await store.add({ names: [`${i}`], at: 2_000 + i });
  for (let i = 0; i < 5; i += 1)
    await client.send(
      new PutItemCommand({
        TableName: TABLES.state,
        Item: marshall({ pk: 'ERASED', sk: `000000000003000#${i}`, names: [name], at: 3_000 }),
      }),
    );
  expect(await store.since(2_000)).toHaveLength(10);
});

it('fails, and lists nothing, when there is an entry that it cannot read', async () => {
  await client.send(
    new PutItemCommand({
      TableName: TABLES.state,
      Item: marshall({ pk: 'ERASED', sk: '000000000009000#later', who: ['k'] }),
    }),
  );
  await expect(store.since(0)).rejects.toThrow(InfraFault);
  const gone = new DynamoErasureStore(client, 'no-such-table');
  await expect(gone.since(0)).rejects.toThrow(/^Query failed: ResourceNotFound/);
  await expect(gone.add({ names: [], at: 1 })).rejects.toThrow(/^PutItem failed/);
});

it('reads a replay that was begun before there was a list', async () => {
  const record = { id: 'r1', counts: { events: 3, messages: 2, withheld: 1 } };
  const Item = marshall({ pk: 'REPLAYS', sk: 'r1', rev: 4, record: JSON.stringify(record) });
  await client.send(new PutItemCommand({ TableName: TABLES.state, Item }));
  expect(await new DynamoReplayStore(client, TABLES.state).read('r1')).toMatchObject({
    rev: 4,
    counts: { events: 3, messages: 2, withheld: 1, erased: 0 },
  });
});
