import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import { InfraFault } from '../../lambdas/core/ports.ts';
import { rejectionStoreContract } from '../contract/rejection-store.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ client, stop } = await startTables());
});
afterAll(() => stop());

rejectionStoreContract('DynamoRejectionStore', () => new DynamoRejectionStore(client, TABLES.parking));

describe('DynamoRejectionStore', () => {
  it('says what failed when DynamoDB does', async () => {
    const record = {
      id: 'm',
      stage: 'crm',
      receivedAt: '2026-11-22T00:00:00.000Z',
      at: 9,
      reason: 'answered 400',
      sourceId: 'web',
      body: '{}',
      sha256: 'ab',
      size: 2,
    };
    const gone = new DynamoRejectionStore(client, 'no-such-table');
    await expect(gone.save(record)).rejects.toThrow(/^PutItem failed: ResourceNotFound/);
    await expect(gone.save(record)).rejects.toThrow(InfraFault);
    await expect(gone.list('crm', { limit: 1 })).rejects.toThrow(InfraFault);
    await expect(gone.find('crm', 'm')).rejects.toThrow(InfraFault);
    await expect(gone.remove(record)).rejects.toThrow(InfraFault);
  });
});
