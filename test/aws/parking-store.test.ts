import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PutItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoParkingStore } from '../../lambdas/aws/parking-store.ts';
import { BadCursor, InfraFault } from '../../lambdas/core/base/faults.ts';
import { newerEnvelope } from '../../lambdas/core/event/envelope.ts';
import { parkingStoreContract } from '../contracts/parking-store.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ client, stop } = await startTables());
});
afterAll(() => stop());

parkingStoreContract('DynamoParkingStore', () => new DynamoParkingStore(client, TABLES.parking));

describe('DynamoParkingStore', () => {
  it('refuses an invalid cursor with an error that says so', async () => {
    const store = new DynamoParkingStore(client, TABLES.parking);
    for (const cursor of ['', 'nonsense', Buffer.from('{"pk":1}').toString('base64url')])
      await expect(store.heads('crm', 0, { limit: 1, cursor })).rejects.toThrow(BadCursor);
  });

  it('keeps the message and the head of a later version as they are', async () => {
    const store = new DynamoParkingStore(client, TABLES.parking);
    const put = async (sk: string, fields: object) => {
      const Item = marshall({ pk: 'crm#later#1', sk, v: 2, ...fields });
      await client.send(new PutItemCommand({ TableName: TABLES.parking, Item }));
      return Item;
    };
    const items = [
      await put('E#1', { id: 'm', content: 'of tomorrow' }),
      await put('HEAD', { key: 'later#1', failures: 0 }),
    ];
    const [message] = await store.oldest('crm', 'later#1', 1);
    expect(message).toMatchObject({ id: 'm', sort: 'E#1', groupId: 'later#1' });
    expect(newerEnvelope(message?.body ?? '')).toBe(2);
    if (message !== undefined) await store.saveAttempt('crm', message, { failures: 1 });
    const lease = { owner: 'a', now: 0, until: 1, nextAttemptAt: 1, triedEpoch: 0 };
    expect(await store.takeLease('crm', { key: 'later#1', failures: 0 }, lease)).toBe(false);
    const query = new QueryCommand({
      TableName: TABLES.parking,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: marshall({ ':pk': 'crm#later#1' }),
    });
    expect((await client.send(query)).Items).toEqual(items);
  });

  it('names the operation when DynamoDB fails, and never takes the failure for a refusal', async () => {
    const gone = new DynamoParkingStore(client, 'no-such-table');
    const message = {
      sort: 'E#1',
      id: 'm',
      groupId: 'u',
      body: '',
      sequenceNumber: '1',
      sentAt: 0,
      parkedAt: 0,
    };
    const lease = { owner: 'a', now: 0, until: 1, nextAttemptAt: 1, triedEpoch: 0 };
    const calls = {
      hasMessage: gone.hasMessage('crm', 'u', 'E#1'),
      putMessage: gone.putMessage('crm', message),
      saveMessage: gone.saveMessage('crm', message),
      saveAttempt: gone.saveAttempt('crm', message, { failures: 1 }),
      deleteMessage: gone.deleteMessage('crm', 'u', 'E#1'),
      touchHead: gone.touchHead('crm', 'u', { token: 't', now: 0, reason: '' }),
      readHead: gone.readHead('crm', 'u'),
      takeLease: gone.takeLease('crm', { key: 'u', failures: 0 }, lease),
      releaseLease: gone.releaseLease('crm', 'u', 'a'),
      resetFailures: gone.resetFailures('crm', 'u', 'a', { nextAttemptAt: 1 }),
      deleteHead: gone.deleteHead('crm', 'u', 't', 'a'),
      oldest: gone.oldest('crm', 'u', 1),
      page: gone.page('crm', 'u', 1),
      heads: gone.heads('crm', 0, { limit: 1 }),
      countMessages: gone.countMessages('crm', 'u', 1),
    };
    const results = await Promise.allSettled(Object.values(calls));
    const faults = results.map(
      (result) => result.status === 'rejected' && result.reason instanceof InfraFault,
    );
    expect(Object.keys(calls).filter((_, i) => !faults[i])).toEqual([]);
    await expect(calls.putMessage).rejects.toThrow(/^PutItem failed: ResourceNotFoundException/);
  });
});
