import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoParkingStore } from '../../lambdas/aws/parking-store.ts';
import { BadCursor, InfraFault } from '../../lambdas/core/base/faults.ts';
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
      resetFailures: gone.resetFailures('crm', 'u', 'a'),
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
